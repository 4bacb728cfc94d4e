// What `sluice tags frequency` shows of a published run: tables, one JSON document, or a file.
import path from 'node:path';
import type { FrequencyFormat, FrequencyResult } from '../pipelines/contracts/tag-frequency.ts';
import { exportResult, mostFrequent, readRows } from '../pipelines/frequency/read-result.ts';
import { isoOfUs } from '../pipelines/frequency/windows.ts';
import { frequencyWorld } from '../server/frequency-deps.ts';
import { answer, table } from './output.ts';
import type { Session } from './session.ts';

/** Rows of a result shown on a terminal. */
const SHOWN_ROWS = 20;

interface ShowOptions {
  json?: boolean;
  out?: string;
  format?: FrequencyFormat;
}

/** Prints a published run: a table with the most frequent rows, or one JSON document with all; or writes `out`. */
export async function showFrequency(session: Session, result: FrequencyResult, options: ShowOptions): Promise<void> {
  const world = frequencyWorld(session.config, session.db);
  const control = { signal: new AbortController().signal, onProgress: () => undefined };
  if (options.out !== undefined) {
    const target = path.resolve(options.out);
    await exportResult(world, result.windows[0]!.folder, options.format ?? 'parquet', target, control);
    answer(options, { ...result, out: target }, () => `${renderFrequency(result)}\nWritten: ${target}`);
    return;
  }
  if (!options.json) {
    console.log(renderFrequency(result));
    for (const { window: name, folder, rows } of result.windows) {
      const top = await mostFrequent(world, folder, SHOWN_ROWS, control);
      const iso = (us: string) => isoOfUs(BigInt(us)).slice(0, 19);
      const cells = top.map((row) => [
        row.channelId,
        row.socialId,
        row.tag,
        Number(row.times),
        iso(row.firstAt),
        iso(row.lastAt),
      ]);
      const head = ['channel', 'social id', 'tag', 'times', 'first (UTC)', 'last (UTC)'];
      console.log(`\n${name}: the ${cells.length} most frequent of ${rows}\n${table(head, cells)}`);
    }
    return;
  }
  await printJson(world, result, control);
}

/** The head of a run for people. */
export function renderFrequency(result: FrequencyResult): string {
  const rows = result.windows.map(({ window: name, rows, times, checksum, folder }) => [
    name,
    rows,
    times,
    checksum,
    folder,
  ]);
  const erased = Math.max(...result.windows.map(({ erasedSince }) => erasedSince));
  return [
    `Tag frequency of ${result.channel ?? 'all channels'} as of ${result.asOf}, known at ${result.knownAt}${result.recognised ? ' (published before)' : ''}`,
    table(['window', 'rows', 'times', 'checksum', 'folder'], rows),
    ...(erased > 0 ? [`Erased since the known-at: ${erased} people, who are not counted any more.`] : []),
    ...(result.report === null ? [] : [`Report: ${result.report}`]),
  ].join('\n');
}

/** One document, written as it is read: it may be larger than memory. */
async function printJson(
  world: ReturnType<typeof frequencyWorld>,
  result: FrequencyResult,
  control: Parameters<typeof readRows>[2],
): Promise<void> {
  const several = result.windows.length > 1;
  const put = (text: string) => process.stdout.write(text);
  const { asOf, knownAt: known, channel, lakeVersion, report } = result;
  if (several) put(`{"asOf":${JSON.stringify(asOf)},"knownAt":${JSON.stringify(known)},"windows":[`);
  for (const [index, published] of result.windows.entries()) {
    const { window: name, from, to, rows, times, checksum, folder, erasedSince } = published;
    const head = {
      window: name,
      asOf,
      knownAt: known,
      channel,
      from,
      to,
      lakeVersion,
      report,
      folder,
      erasedSince,
      times,
    };
    put(`${index > 0 ? ',' : ''}${JSON.stringify(head).slice(0, -1)},"rows":[`);
    let first = true;
    await readRows(world, folder, control, (page) => {
      for (const row of page) {
        const iso = (us: string) => isoOfUs(BigInt(us));
        const shown = { ...row, times: Number(row.times), firstAt: iso(row.firstAt), lastAt: iso(row.lastAt) };
        put(`${first ? '' : ','}\n${JSON.stringify(shown)}`);
        first = false;
      }
    });
    put(`],"rowCount":${rows},"checksum":${JSON.stringify(checksum)}}`);
  }
  put(several ? ']}\n' : '\n');
}
