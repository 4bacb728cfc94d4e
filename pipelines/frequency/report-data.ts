// The numbers of the HTML report: from the published files, and from the lake what they do not hold (days, the window before).
import { withLiterals } from '../../sql/named.ts';
import type { FrequencyWindowResult, ReportRequest, ResolvedWindow } from '../../contracts/tag-frequency.ts';
import type { StepControl } from '../../ports/step-control.ts';
import type { Duck } from '../../ports/duck.ts';
import {
  frequencyReport,
  type FrequencyReportData,
  type FrequencyReportTag,
  type FrequencyReportWindow,
} from '../reports/frequency-report.ts';
import { countSql } from './frequency-sql.ts';
import { openEvents, openKeys, readingVersion, scopeText, type EventScope } from './lake-events.ts';
import { reportName } from './names.ts';
import type { FrequencyWorld } from './ports.ts';
import { resultMissing } from './read-result.ts';
import { readPlace } from './result-place.ts';
import { spanBefore } from './windows.ts';

/** Tags in the report's table. More is what the result files are for. */
const MOST_TAGS = 50;
const DAY_MS = 86_400_000;

/** Writes the report and gives its path. Replaces the one of the same run. @throws PipelineError `lake_version_gone` */
export async function reportFrequency(
  world: FrequencyWorld,
  request: ReportRequest,
  control: StepControl,
): Promise<string> {
  const data = await reportData(world, request, control);
  const triple = { channel: request.channel, asOfMs: request.asOfMs, knownAtUs: request.knownAtUs };
  const names = request.windows.map(({ name }) => name);
  const name = reportName(triple, names);
  await world.reportFolder.write(name, frequencyReport(data, await world.plots()));
  return world.reportFolder.at(name);
}

async function reportData(
  world: FrequencyWorld,
  request: ReportRequest,
  control: StepControl,
): Promise<FrequencyReportData> {
  const { result, windows, channel } = request;
  const spans = windows.flatMap((window) => [window, spanBefore(window)]);
  const scope: EventScope = {
    knownAtUs: BigInt(request.knownAtUs),
    fromMs: Math.min(...spans.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...spans.map(({ toMs }) => toMs)),
    part: 0,
    parts: 1,
    channel,
  };
  return readingVersion(world, request.lakeVersion, ({ files, timeZone }) =>
    world.withDuck(control.signal, async (duck) => {
      const lake = { ...world, timeZone };
      await openEvents(lake, duck, files, scope);
      await openKeys(lake, duck, files, scope);
      const described: FrequencyReportWindow[] = [];
      for (const [index, window] of windows.entries()) {
        const published = result.windows[index]!;
        const describe = () => describeWindow(world, duck, scope, window, published);
        described.push(await readPlace(world, published.folder, describe));
      }
      return {
        asOf: result.asOf,
        knownAt: result.knownAt,
        channel,
        timeZone: world.timeZone,
        lakeVersion: request.lakeVersion,
        generatedFrom: `${result.windows.reduce((most, { times }) => Math.max(most, times), 0)} events of the largest window`,
        windows: described,
      };
    }),
  );
}

async function describeWindow(
  world: FrequencyWorld,
  duck: Duck,
  scope: EventScope,
  window: ResolvedWindow,
  result: FrequencyWindowResult,
): Promise<FrequencyReportWindow> {
  const names = (await world.resultFolder.list(result.folder)).map(({ name }) => name);
  const files = names
    .filter((name) => name.endsWith('.parquet'))
    .map((name) => world.resultFolder.at(`${result.folder}/${name}`));
  if (files.length === 0) throw resultMissing(result.folder);
  type Totals = { people: string; tags: string };
  const totals = (await duck.rows<Totals>(withLiterals(countSql.window_totals, { files })))[0]!;
  return {
    window: window.name,
    from: result.from,
    to: result.to,
    rows: result.rows,
    times: result.times,
    people: Number(totals.people),
    tags: Number(totals.tags),
    checksum: result.checksum,
    erasedSince: result.erasedSince,
    topTags: await topTags(duck, scope, window, files),
    daily: await daily(world, duck, scope, window),
    distribution: await distribution(duck, files),
  };
}

const spanText = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => ({
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
});

async function topTags(
  duck: Duck,
  scope: EventScope,
  window: ResolvedWindow,
  files: string[],
): Promise<FrequencyReportTag[]> {
  type Top = { tag: string; people: string; times: string };
  const top = await duck.rows<Top>(withLiterals(countSql.top_tags, { files, most: MOST_TAGS }));
  const earlier = scopeText(countSql.times_by_tag, scope);
  const before = await duck.rows<{ tag: string; times: string }>(
    withLiterals(earlier, { ...spanText(spanBefore(window)), tags: top.map(({ tag }) => tag) }),
  );
  const timesBefore = new Map(before.map(({ tag, times }) => [tag, Number(times)]));
  const days = (window.toMs - window.fromMs) / DAY_MS;
  return top.map(({ tag, people, times }) => ({
    tag,
    people: Number(people),
    times: Number(times),
    timesPerDay: Number(times) / days,
    before: timesBefore.get(tag) ?? 0,
  }));
}

async function daily(
  world: FrequencyWorld,
  duck: Duck,
  scope: EventScope,
  window: ResolvedWindow,
): Promise<FrequencyReportWindow['daily']> {
  const statement = withLiterals(scopeText(countSql.times_by_day, scope), {
    ...spanText(window),
    zone: world.timeZone,
  });
  const rows = await duck.rows<{ day: string; times: string }>(statement);
  return rows.map(({ day, times }) => ({ day, times: Number(times) }));
}

async function distribution(duck: Duck, files: string[]): Promise<FrequencyReportWindow['distribution']> {
  const rows = await duck.rows<{ power: number; pairs: string }>(withLiterals(countSql.pairs_by_times, { files }));
  return rows.map(({ power, pairs }) => ({ atLeast: 2 ** power, atMost: 2 ** (power + 1) - 1, pairs: Number(pairs) }));
}
