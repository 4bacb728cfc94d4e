// The manifest: which files make up which version of the lake. Versions only ever come whole.
import type { Queryable, Transaction } from '../../ports/database.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { lakeSql } from './lake-sql.ts';
import type { LakeWorld } from './ports.ts';

/** Versions are published one after the other. */
const PUBLISH_LOCK = 7_316_005;

export interface LakeVersion {
  version: string;
  /** Epoch microseconds: all that was recorded up to it is in. */
  watermark: bigint;
  timeZone: string;
  files: number;
  rows: number;
  /** Number of the last erasure whose person is in none of its files. */
  erasedThrough: string;
}

export interface LakeFile {
  id: string;
  path: string;
  kind: 'events' | 'contacts' | 'tags';
  /** Business days; null for contacts and tags. */
  from: string | null;
  to: string | null;
  bucket: number;
  buckets: number;
  rows: number;
  bytes: number;
  sha256: string;
  /** Of the version it was written for: nothing in it was recorded later. */
  watermark: bigint;
}

export type NewFile = Omit<LakeFile, 'id'>;

/** Where files lie, whole paths for DuckDB. */
export function pathsOf({ lakeFolder }: Pick<LakeWorld, 'lakeFolder'>, files: readonly NewFile[]): string[] {
  return files.map(({ path }) => lakeFolder.at(path));
}

interface VersionRow {
  [column: string]: unknown;
  version: string;
  watermark: string;
  time_zone: string;
  files: number;
  rows: string;
  erased_through: string;
}
type FileRow = {
  id: string;
  path: string;
  kind: 'events' | 'contacts' | 'tags';
  unit_from: string | null;
  unit_to: string | null;
  bucket: number;
  buckets: number;
  rows: string;
  bytes: string;
  sha256: string;
  watermark: string;
};

/** The newest version, or null when there is no lake yet. */
export async function headVersion(db: Queryable): Promise<LakeVersion | null> {
  const { rows } = await db.query<VersionRow>(lakeSql.head);
  return rows[0] ? versionOf(rows[0]) : null;
}

/** A version that was published at some time, its files may be gone; null when there was none of that number. */
export async function readVersion(db: Queryable, version: string): Promise<LakeVersion | null> {
  const { rows } = await db.query<VersionRow>(lakeSql.version, [version]);
  return rows[0] ? versionOf(rows[0]) : null;
}

function versionOf(row: VersionRow): LakeVersion {
  const { version, watermark, time_zone: timeZone, files, rows, erased_through: erasedThrough } = row;
  return { version, watermark: BigInt(watermark), timeZone, files, rows: Number(rows), erasedThrough };
}

/** The files of a version, by day and bucket. */
export async function versionFiles(db: Queryable, version: string): Promise<LakeFile[]> {
  const { rows } = await db.query<FileRow>(lakeSql.version_files, [version]);
  return rows.map(fileOf);
}

/** What a version to come is built on and holds. */
export interface Basis {
  /** The version it is built on; `0` for none. */
  base: string;
  watermark: bigint;
  timeZone: string;
  /** Number of the last erasure that it takes in. */
  erasedThrough: string;
}

/** Files that an earlier try for the same has written. */
export async function draftFiles(db: Queryable, { base, watermark, erasedThrough }: Basis): Promise<LakeFile[]> {
  const { rows } = await db.query<FileRow>(lakeSql.drafts, [base, String(watermark), erasedThrough]);
  return rows.map(fileOf);
}

function fileOf({ unit_from: from, unit_to: to, ...row }: FileRow): LakeFile {
  return {
    ...row,
    from,
    to,
    rows: Number(row.rows),
    bytes: Number(row.bytes),
    watermark: BigInt(row.watermark),
  };
}

/** Writes down files of a version to come. */
export async function addDrafts(
  tx: Queryable,
  files: readonly NewFile[],
  { base, timeZone, erasedThrough }: Omit<Basis, 'watermark'>,
): Promise<LakeFile[]> {
  const drafts: LakeFile[] = [];
  for (const file of files) {
    const { path, kind, from, to, bucket, buckets, rows, bytes, sha256, watermark } = file;
    const own = [path, kind, from, to, bucket, buckets, rows, bytes, sha256, String(watermark)];
    const values = [...own, base, timeZone, erasedThrough];
    const added = await tx.query<{ id: string }>(lakeSql.add_draft, values);
    drafts.push({ ...file, id: added.rows[0]!.id });
  }
  return drafts;
}

export interface Publication extends Basis {
  added: readonly LakeFile[];
  removed: readonly LakeFile[];
  /** Numbers of the tags that its events have: all others are forgotten. Null: they were not looked at. */
  tagsLeft: readonly number[] | null;
}

/**
 * Keeps others from publishing until the transaction ends, or alone also from holding on to the same base.
 * @throws PipelineError `lake_moved` when the newest version is not `base`
 */
export async function holdBase(tx: Transaction, base: string, as: 'alone' | 'shared'): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock${as === 'shared' ? '_shared' : ''}($1)`, [PUBLISH_LOCK]);
  const head = await headVersion(tx);
  if ((head?.version ?? '0') !== base)
    throw new PipelineError('lake_moved', 'Another refresh of the lake was faster.', { retry: 'later' });
}

/** Makes a version of drafts and what stays. @throws PipelineError `lake_moved` when another one came first */
export async function publishVersion(tx: Transaction, publication: Publication): Promise<LakeVersion> {
  const { base, watermark, timeZone, erasedThrough, added, removed, tagsLeft } = publication;
  await holdBase(tx, base, 'alone');
  const { rows } = await tx.query<{ version: string }>(lakeSql.add_version, [
    String(watermark),
    timeZone,
    erasedThrough,
  ]);
  const version = rows[0]!.version;
  const ids = (files: readonly LakeFile[]) => files.map(({ id }) => id);
  await tx.query(lakeSql.add_files, [version, ids(added), ids(removed)]);
  const counted = await tx.query<{ files: string; rows: string }>(lakeSql.count_version, [version]);
  // Whoever refreshes at the same time has the same base: it can give no number from here on, and will have to begin again.
  if (tagsLeft !== null) await tx.query(lakeSql.forget_tags, [tagsLeft]);
  const { files, rows: events } = counted.rows[0]!;
  return { version, watermark, timeZone, files: Number(files), rows: Number(events), erasedThrough };
}
