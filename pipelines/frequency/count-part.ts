// Counts all windows of a run together from the lake, for one part of the contacts, and writes a file for each window.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import type { PartCount, PartRequest } from '../../contracts/tag-frequency.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { defineChecksum } from '../lake/checksum.ts';
import type { Duck } from '../../ports/duck.ts';
import { countSql } from './frequency-sql.ts';
import { openEvents, openKeys, passesOf, readingVersion, scopeText, type EventScope } from './lake-events.ts';
import { sumWindow } from './leave-out.ts';
import type { FrequencyWorld } from './ports.ts';

/**
 * Counts one part. Called again, it writes new files: those of a try that was given up are never read.
 * @throws PipelineError `lake_version_gone`, `lake_file_missing`, `duckdb_memory`, `disk_full`
 */
export async function countPart(world: FrequencyWorld, request: PartRequest, control: StepControl): Promise<PartCount> {
  const scope: EventScope = {
    knownAtUs: BigInt(request.knownAtUs),
    fromMs: Math.min(...request.windows.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...request.windows.map(({ toMs }) => toMs)),
    part: request.part,
    parts: request.parts,
    channel: request.channel,
  };
  return readingVersion(world, request.lakeVersion, ({ files, timeZone }) =>
    world.withDuck(control.signal, async (duck) => {
      const lake = { ...world, timeZone };
      await defineChecksum(duck);
      await openKeys(lake, duck, files, scope);
      for (const [pass, passScope] of passesOf(lake, files, scope).entries()) {
        await openEvents(lake, duck, files, passScope);
        await duck.run(countStatement(request.windows, scope, pass === 0));
      }
      await prepareToWrite(duck);
      const windows: PartCount['windows'] = [];
      for (const [index] of request.windows.entries()) {
        windows.push(await writeWindow(world, duck, request, index));
        control.onProgress(index + 1);
      }
      return { windows };
    }),
  );
}

/** All windows of a pass. Limits that the whole pass has anyway are not asked of each row again. */
function countStatement(windows: PartRequest['windows'], scope: EventScope, first: boolean): string {
  const at = (ms: number) => `'${new Date(ms).toISOString()}'::timestamptz`;
  const counts = windows.flatMap((window, index) => {
    const limits = [
      ...(window.fromMs > scope.fromMs ? [`occurred_at >= ${at(window.fromMs)}`] : []),
      ...(window.toMs < scope.toMs ? [`occurred_at < ${at(window.toMs)}`] : []),
    ];
    const filter = limits.length === 0 ? '' : ` filter (where ${limits.join(' and ')})`;
    return [
      `count(*)${filter} as t${index}`,
      ...(firstOf(windows, window) === index ? [`min(occurred_at)${filter} as f${index}`] : []),
      ...(lastOf(windows, window) === index ? [`max(occurred_at)${filter} as l${index}`] : []),
    ];
  });
  const statement = scopeText(countSql.count_pass, scope)
    .replace('{{INTO}}', first ? 'create or replace temp table counted as' : 'insert into counted')
    .replace('{{COUNTS}}', counts.join(',\n  '));
  return withLiterals(statement, {
    from: new Date(scope.fromMs).toISOString(),
    to: new Date(scope.toMs).toISOString(),
  });
}

type Span = PartRequest['windows'][number];

/**
 * The window whose `first_at` is also that of `window`: the longest one that begins with it. What a pair has first in the longer
 * one it has first in the shorter one too, if it has anything there. A group of rows is wide, and counting waits for memory.
 */
const firstOf = (windows: readonly Span[], window: Span): number =>
  widest(windows, (other) => other.fromMs === window.fromMs);

/** Likewise for `last_at`: the longest window that ends with it, as rolling windows do. */
const lastOf = (windows: readonly Span[], window: Span): number =>
  widest(windows, (other) => other.toMs === window.toMs);

function widest(windows: readonly Span[], wanted: (window: Span) => boolean): number {
  const length = (index: number) => windows[index]!.toMs - windows[index]!.fromMs;
  return [...windows.keys()]
    .filter((index) => wanted(windows[index]!))
    .reduce((best, index) => (length(index) > length(best) ? index : best));
}

/**
 * Tags that are written by number, with their names once a block of rows. Too low: shops with many tags wait for texts to be
 * compared; too high: a block of 122,880 rows carries names that nobody in it has.
 */
const MOST_NUMBERED_TAGS = 20_000;

/** Gives tags and channels the form in which windows are written fast. */
async function prepareToWrite(duck: Duck): Promise<void> {
  await duck.run(countSql.tag_names);
  const counted = await duck.rows<{ tags: string }>(countSql.count_tags);
  if (Number(counted[0]!.tags) <= MOST_NUMBERED_TAGS) await duck.run(countSql.tags_by_number);
  await duck.run(countSql.channels_by_number);
}

async function writeWindow(
  world: FrequencyWorld,
  duck: Duck,
  request: PartRequest,
  index: number,
): Promise<PartCount['windows'][number]> {
  const folder = `.work/${request.work}/${index}`;
  await world.resultFolder.make(folder);
  const file = `${folder}/${request.part}of${request.parts}.${randomUUID()}.parquet`;
  const path = world.resultFolder.at(file);
  const window = request.windows[index]!;
  const statement = countSql.write_window
    .replaceAll('{{TIMES}}', String(index))
    .replace('{{FIRST}}', String(firstOf(request.windows, window)))
    .replace('{{LAST}}', String(lastOf(request.windows, window)));
  await duck.run(withLiterals(statement, { path }));
  return { file, ...(await sumWindow(duck, path)) };
}
