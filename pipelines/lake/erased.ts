// Whom files must not hold any longer, by the numbers of erasures; and how they are taken out of files that do.
import { randomUUID } from 'node:crypto';
import type { Database, Queryable } from '../../ports/database.ts';
import { withLiterals } from '../../sql/named.ts';
import type { Duck } from '../../ports/duck.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { lakeFilesSql, lakeSql } from './lake-sql.ts';
import { pathsOf, type LakeFile, type NewFile } from './manifest.ts';
import type { LakeWorld } from './ports.ts';

/** Erasures by number: those after one, up to another. */
export interface ErasedSpan {
  after: string;
  through: string;
}

/**
 * The number of the last erasure: everything up to it is committed, and whoever is erased from now on has a higher one. Holds the
 * log's lock for an instant; in a transaction to its end, and until then nobody is erased.
 */
export async function fixErasures(db: Queryable): Promise<string> {
  return (await db.query<{ through: string }>(lakeSql.fix_erasures)).rows[0]!.through;
}

/** How many there are, and of how many it is no longer known whom they concern. */
export async function countErased(
  db: Database,
  { after, through }: ErasedSpan,
): Promise<{ erasures: number; unknown: number }> {
  const { rows } = await db.query<{ erasures: number; unknown: number }>(lakeSql.count_erased, [after, through]);
  return rows[0]!;
}

/** Makes the table `erased` of a DuckDB; `none`: an empty one. Again: replaces it. Needs the folder `folder` of the lake. */
export async function openErased(
  world: Pick<LakeWorld, 'db' | 'lakeFolder'>,
  duck: Duck,
  span: ErasedSpan | 'none',
  { signal }: StepControl,
): Promise<void> {
  await duck.run(lakeFilesSql.begin_erased);
  if (span === 'none') return;
  await world.lakeFolder.make('.');
  const csv = `.${randomUUID()}.csv`;
  try {
    await world.db.transaction(
      async (tx) => {
        await tx.query(
          `select set_config('sluice.erased_after', $1, true), set_config('sluice.erased_through', $2, true)`,
          [span.after, span.through],
        );
        await tx.copyOut(lakeSql.copy_erased, world.lakeFolder.sink(csv));
      },
      { signal },
    );
    await duck.run(withLiterals(lakeFilesSql.load_erased, { csv: world.lakeFolder.at(csv) }));
  } finally {
    await world.lakeFolder.remove(csv);
  }
}

/** Those of the files that hold somebody in `erased`. */
export async function holdingErased(world: LakeWorld, duck: Duck, files: readonly LakeFile[]): Promise<LakeFile[]> {
  if (files.length === 0) return [];
  const statement = withLiterals(lakeFilesSql.holding_erased, { files: pathsOf(world, files) });
  const found = new Set((await duck.rows<{ filename: string }>(statement)).map(({ filename }) => filename));
  return files.filter(({ path }) => found.has(world.lakeFolder.at(path)));
}

/**
 * One file of the same place with what `files` hold, without the erased; null when that is nothing. It stands for the first of them:
 * as that one, it holds nothing that was recorded after its watermark.
 */
export async function withoutErased(world: LakeWorld, duck: Duck, files: readonly LakeFile[]): Promise<NewFile | null> {
  const { id: _, ...first } = files[0]!;
  const sql = first.kind === 'events' ? lakeFilesSql.events_without_erased : lakeFilesSql.contacts_without_erased;
  const start = first.kind === 'events' ? `${first.from}_${first.to}.${first.bucket}of${first.buckets}.` : '';
  const path = `${first.kind}/${start}${randomUUID()}.parquet`;
  const places = { files: pathsOf(world, files), path: world.lakeFolder.at(path) };
  const rows = Number((await duck.rows<{ Count: string }>(withLiterals(sql, places)))[0]!.Count);
  if (rows === 0) {
    await world.lakeFolder.remove(path);
    return null;
  }
  return { ...first, path, rows, ...(await world.lakeFolder.seal(path)) };
}
