// What the databases of all models have in common.
import type { Database, Queryable } from '../../ports/database.ts';

/** Nothing waits for the disk, nothing is compiled, in sessions that are opened later. */
export async function hurry(db: Database, databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  await db.query(`alter database ${name} set synchronous_commit = off`);
  await db.query(`alter database ${name} set jit = off`);
}

/** Removes what imports and plans have staged into partitions of `parent`. */
export async function dropPartitions(db: Queryable, parent: string): Promise<void> {
  const { rows } = await db.query<{ name: string }>(
    'select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass',
    [parent],
  );
  for (const { name } of rows) await db.query(`drop table ${name}`);
}
