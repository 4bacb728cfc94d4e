// The named statements of sql/postgres/import.sql, and an import's own staging partition.
import type { Queryable } from '../../adapters/postgres/database.ts';
import { namedStatements, withIdentifiers } from '../../sql/named.ts';

export const importSql = namedStatements('import', [
  'create_partition',
  'index_partition',
  'attach_partition',
  'copy_lines',
  'analyze_partition',
  'has_suppressions',
  'resolve_by_social_id',
  'resolve_by_key',
  'resolve_invalid',
  'analyze_lines',
  'count_outcomes',
  'pending_slices',
  'slice_suppress',
  'slice_create',
  'slice_count_creates',
  'slice_late',
  'slice_lock',
  'slice_gone',
  'slice_equal',
  'slice_before_images',
  'slice_update',
  'slice_tags_off',
  'slice_tags_on',
  'record_slice',
  'diff',
  'rejects',
]);

/** A statement with the import's partition, and the column lines are matched by, put in. */
export function forImport(name: keyof typeof importSql, importId: string, key = 'social_id'): string {
  return withIdentifiers(importSql[name], {
    staging: partition(importId),
    index: `${partition(importId)}_line`,
    key,
  });
}

function partition(importId: string): string {
  return `import_staging_${BigInt(importId)}`;
}

/** Makes the import's staging partition. Calling it again in a later transaction is a no-op. */
export async function createPartition(tx: Queryable, importId: string): Promise<void> {
  if (await partitionExists(tx, importId)) return;
  await tx.query(forImport('create_partition', importId));
  await tx.query(`alter table ${partition(importId)} alter import_id set default ${BigInt(importId)}`);
  // A partition bound cannot be a parameter; BigInt lets nothing but digits through.
  await tx.query(forImport('attach_partition', importId).replace('$value', String(BigInt(importId))));
}

export async function partitionExists(db: Queryable, importId: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    partition(importId),
  ]);
  return rows[0]?.found === true;
}

/** Drops the import's staged lines. Calling it twice is a no-op. */
export async function dropPartition(db: Queryable, importId: string): Promise<void> {
  await db.query(`drop table if exists ${partition(importId)}`);
}
