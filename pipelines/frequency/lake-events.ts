// The events of one version of the lake as a view of DuckDB, as they were known at an instant.
import { withLiterals } from '../../sql/named.ts';
import { dayOf } from '../values/time-zone.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { headVersion, pathsOf, readVersion, versionFiles, type LakeFile } from '../lake/manifest.ts';
import { LEAST_BUCKETS } from '../lake/units.ts';
import type { Duck } from '../../ports/duck.ts';
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

/** A version of the lake to be read: its files, and the zone that its days lie in, whatever the reader's own is. */
export interface OpenVersion {
  files: LakeFile[];
  timeZone: string;
}

const versionGone = (version: string) =>
  new PipelineError('lake_version_gone', `Version ${version} of the lake is no longer there.`, {
    hint: 'A newer one gives the same answer.',
  });

/**
 * Reads a version. Files of older ones go after the grace time, also under a reader's hands.
 * @throws PipelineError `lake_version_gone` when their time is over: take a newer version, the answer is the same;
 * `lake_file_missing` when a file is not there though no newer version has taken its place
 */
export async function readingVersion<T>(
  { db }: Pick<LakeWorld, 'db'>,
  version: string,
  read: (opened: OpenVersion) => Promise<T>,
): Promise<T> {
  const found = await readVersion(db, version);
  const files = await versionFiles(db, version);
  if (found?.files !== files.length) throw versionGone(version);
  try {
    return await read({ files, timeZone: found.timeZone });
  } catch (error) {
    const missing = error instanceof PipelineError && error.code === 'lake_file_missing';
    if (missing && (await headVersion(db))?.version !== version) throw versionGone(version);
    throw error;
  }
}

/** Makes the view `lake_events`, tags by number. Only files that can hold what is asked for are read. */
export async function openEvents(
  world: LakeWorld,
  duck: Duck,
  files: readonly LakeFile[],
  scope: EventScope,
): Promise<void> {
  const wanted = filesFor(world, files, scope);
  const knownAt = isoOfUs(scope.knownAtUs);
  const sources: string[] = [];
  for (const mixed of [false, true])
    for (const later of [false, true]) {
      const some = wanted.filter(
        ({ buckets, watermark }) => buckets < scope.parts === mixed && watermark > scope.knownAtUs === later,
      );
      if (some.length === 0) continue;
      // A file of one part alone need not be asked whose each row is.
      const ofPart = mixed ? `and contact_id % ${scope.parts} = ${scope.part}` : '';
      const text = (later ? countSql.later_events : countSql.settled_events).replace('{{PART}}', ofPart);
      sources.push(withLiterals(text, { files: pathsOf(world, some), knownAt }));
    }
  await duck.run(
    sources.length === 0
      ? countSql.no_events
      : `create or replace temp view lake_events as\n${sources.join('\nunion all\n')}`,
  );
}

/** Makes what the keys of `lake_events` stand for: the table `people`, of the scope's part and channel, and the view `tags`. */
export async function openKeys(
  world: LakeWorld,
  duck: Duck,
  files: readonly LakeFile[],
  { parts, part, channel }: EventScope,
): Promise<void> {
  const paths = (kind: LakeFile['kind']) =>
    pathsOf(
      world,
      files.filter((file) => file.kind === kind),
    );
  const [contacts, tags] = [paths('contacts'), paths('tags')];
  await duck.run(
    contacts.length === 0
      ? countSql.no_people
      : withLiterals(countSql.people, { contacts, parts, part, channel: channel ?? '' }),
  );
  await duck.run(tags.length === 0 ? countSql.no_tags : withLiterals(countSql.tags, { tags }));
}

/**
 * The scope in so many that each reads files of its own, in turn: their groups lie closer together in memory. One when there are few
 * rows, or when the scope is no more than a quarter already.
 */
export function passesOf(world: LakeWorld, files: readonly LakeFile[], scope: EventScope): EventScope[] {
  const rows = filesFor(world, files, scope).reduce((sum, file) => sum + file.rows, 0);
  const passes = rows > world.division.countedRows ? Math.max(1, LEAST_BUCKETS / scope.parts) : 1;
  return Array.from({ length: passes }, (_, pass) => ({
    ...scope,
    parts: scope.parts * passes,
    part: scope.part + scope.parts * pass,
  }));
}

function filesFor(world: LakeWorld, files: readonly LakeFile[], scope: EventScope): LakeFile[] {
  const from = dayOf(scope.fromMs, world.timeZone);
  const to = dayOf(scope.toMs, world.timeZone);
  return files.filter((file) => file.kind === 'events' && file.from! <= to && file.to! > from && mayHold(file, scope));
}

/** Whether a bucket of a file can hold contacts of a part: of two powers of two the smaller one decides. */
function mayHold(file: LakeFile, { part, parts }: EventScope): boolean {
  const common = Math.min(file.buckets, parts);
  return file.bucket % common === part % common;
}

/** What narrows `lake_events` further in a statement. */
export function scopeText(statement: string, scope: EventScope): string {
  return statement.replace(
    '{{CHANNEL}}',
    scope.channel === null ? '' : 'and contact_id in (select contact_id from people)',
  );
}
