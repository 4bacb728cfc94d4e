// The events of one version of the lake as a view of DuckDB, as they were known at an instant.
import { withLiterals } from '../../sql/named.ts';
import { localDay } from '../contacts/time-zone.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { versionFiles, type LakeFile } from '../lake/manifest.ts';
import type { Duck } from '../contracts/duck.ts';
import type { LakeWorld } from '../lake/ports.ts';
import { countSql } from './frequency-sql.ts';
import { isoOfUs } from './windows.ts';

/** Which events: of a span, a known-at; `part` of `parts` by contact id; `channel` null for all. */
export interface EventScope {
  /** Epoch microseconds. */
  knownAtUs: bigint;
  fromMs: number;
  toMs: number;
  part: number;
  /** A power of two, so that parts and the buckets of files pair up. */
  parts: number;
  channel: string | null;
}

/**
 * The files of a version. @throws PipelineError `lake_version_gone` when their time is over: take a newer version, the answer is
 * the same
 */
export async function filesOfVersion(world: LakeWorld, version: string): Promise<LakeFile[]> {
  const { rows } = await world.db.query<{ files: number }>('select files from lake_versions where version = $1', [
    version,
  ]);
  const files = await versionFiles(world.db, version);
  if (rows[0]?.files !== files.length)
    throw new PipelineError('lake_version_gone', `Version ${version} of the lake is no longer there.`, {
      hint: 'A newer one gives the same answer.',
    });
  return files;
}

/** Makes the view `lake_events` and the table `people`. Only files that can hold what is asked for are read. */
export async function openEvents(
  world: LakeWorld,
  duck: Duck,
  files: readonly LakeFile[],
  scope: EventScope,
): Promise<void> {
  const from = localDay(scope.fromMs, world.timeZone);
  const to = localDay(scope.toMs, world.timeZone);
  const wanted = files.filter(
    (file) => file.kind === 'events' && file.from! <= to && file.to! > from && mayHold(file, scope),
  );
  const paths = (some: readonly LakeFile[]) => some.map(({ path }) => world.lakeFolder.at(path));
  const settled = wanted.filter(({ watermark }) => watermark <= scope.knownAtUs);
  const later = wanted.filter(({ watermark }) => watermark > scope.knownAtUs);
  const sources: string[] = [];
  if (settled.length > 0) sources.push(withLiterals(countSql.settled_events, { settled: paths(settled) }));
  if (later.length > 0)
    sources.push(withLiterals(countSql.later_events, { later: paths(later), knownAt: isoOfUs(scope.knownAtUs) }));
  await duck.run(
    sources.length === 0
      ? countSql.no_events
      : `create or replace temp view lake_events as\n${sources.join('\nunion all\n')}`,
  );
  const people = files.filter(({ kind }) => kind === 'contacts');
  await duck.run(
    people.length === 0
      ? countSql.no_people
      : withLiterals(countSql.people, {
          contacts: paths(people),
          parts: scope.parts,
          part: scope.part,
          channel: scope.channel ?? '',
        }),
  );
}

/** Whether a bucket of a file can hold contacts of a part: of two powers of two the smaller one decides. */
function mayHold(file: LakeFile, { part, parts }: EventScope): boolean {
  const common = Math.min(file.buckets, parts);
  return file.bucket % common === part % common;
}

/** What narrows `lake_events` further in a statement; put together from numbers and fixed text. */
export function scopeText(statement: string, scope: EventScope): string {
  return statement
    .replace('{{PART}}', scope.parts > 1 ? `and contact_id % ${scope.parts} = ${scope.part}` : '')
    .replace('{{CHANNEL}}', scope.channel === null ? '' : 'and contact_id in (select contact_id from people)');
}
