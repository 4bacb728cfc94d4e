// Counts all windows of a run in one pass over the lake, for one part of the contacts, and writes a file for each window.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import type { PartCount, PartRequest } from '../contracts/tag-frequency.ts';
import type { StepControl } from '../import/ports.ts';
import { defineChecksum } from '../lake/checksum.ts';
import type { Duck } from '../contracts/duck.ts';
import { countSql } from './frequency-sql.ts';
import { filesOfVersion, openEvents, scopeText, type EventScope } from './lake-events.ts';
import type { FrequencyWorld } from './ports.ts';

/**
 * Counts one part. Called again, it writes new files: those of a try that was given up are never read.
 * @throws PipelineError `lake_version_gone`, `duckdb_memory`, `disk_full`
 */
export async function countPart(world: FrequencyWorld, request: PartRequest, control: StepControl): Promise<PartCount> {
  const files = await filesOfVersion(world, request.lakeVersion);
  const scope: EventScope = {
    knownAtUs: BigInt(request.knownAtUs),
    fromMs: Math.min(...request.windows.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...request.windows.map(({ toMs }) => toMs)),
    part: request.part,
    parts: request.parts,
    channel: request.channel,
  };
  return world.withDuck(control.signal, async (duck) => {
    await defineChecksum(duck);
    await openEvents(world, duck, files, scope);
    await duck.run(countStatement(request, scope));
    const windows: PartCount['windows'] = [];
    for (const [index] of request.windows.entries()) {
      windows.push(await writeWindow(world, duck, request, index));
      control.onProgress(index + 1);
    }
    return { windows };
  });
}

/** The one pass. Limits that the whole pass has anyway are not asked of each row again. */
export function countStatement(request: Pick<PartRequest, 'windows'>, scope: EventScope): string {
  const at = (ms: number) => `'${new Date(ms).toISOString()}'::timestamptz`;
  const counts = request.windows.map(({ fromMs, toMs }, index) => {
    const limits = [
      ...(fromMs > scope.fromMs ? [`occurred_at >= ${at(fromMs)}`] : []),
      ...(toMs < scope.toMs ? [`occurred_at < ${at(toMs)}`] : []),
    ];
    const filter = limits.length === 0 ? '' : ` filter (where ${limits.join(' and ')})`;
    return `count(*)${filter} as t${index}, min(occurred_at)${filter} as f${index}, max(occurred_at)${filter} as l${index}`;
  });
  return withLiterals(scopeText(countSql.count_all, scope).replace('{{COUNTS}}', counts.join(',\n  ')), {
    from: new Date(scope.fromMs).toISOString(),
    to: new Date(scope.toMs).toISOString(),
  });
}

type Sum = { rows: string; times: string; newest: string | null; nulls: string; checksum: string };

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
  await duck.run(withLiterals(countSql.write_window.replaceAll('{{N}}', String(index)), { path }));
  const sums = await duck.rows<Sum>(withLiterals(countSql.sum_window, { path }));
  const { rows, times, newest, nulls, checksum } = sums[0]!;
  return { file, rows: Number(rows), times: Number(times), newestUs: newest, nulls: Number(nulls), checksum };
}
