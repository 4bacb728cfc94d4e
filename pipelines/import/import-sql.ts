// The named statements of sql/postgres/import.sql, and an import's own staging partition: of contacts, or of tag events.
import type { Queryable } from '../../ports/database.ts';
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
  'pending_tag_slices',
  'define_attributes',
  'other_attributes',
  'slice_suppress',
  'slice_create',
  'slice_count_creates',
  'slice_late',
  'slice_vanished',
  'slice_unmake',
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
  'top_reasons',
]);

/** A statement with the import's partition, and the column lines are matched by, put in. */
export function forImport(name: keyof typeof importSql, importId: string, key = 'social_id'): string {
  return withIdentifiers(importSql[name], {
    staging: partition('import_staging', importId),
    key,
  });
}

/** Where the lines of an import are staged, by what the import is of. */
export type StagingTable = 'import_staging' | 'tag_staging';

/** A statement about the partition as such. */
export function forStaging(
  name: 'create_partition' | 'index_partition' | 'attach_partition' | 'analyze_partition',
  parent: StagingTable,
  importId: string,
): string {
  const staging = partition(parent, importId);
  return withIdentifiers(importSql[name], { parent, staging, index: `${staging}_line` });
}

/** The name of an import's own partition. */
export function partition(parent: StagingTable, importId: string): string {
  return `${parent}_${BigInt(importId)}`;
}

/** Makes the import's staging partition. Calling it again in a later transaction is a no-op. */
export async function createPartition(tx: Queryable, parent: StagingTable, importId: string): Promise<void> {
  if (await partitionExists(tx, parent, importId)) return;
  await tx.query(forStaging('create_partition', parent, importId));
  await tx.query(`alter table ${partition(parent, importId)} alter import_id set default ${BigInt(importId)}`);
  // A partition bound cannot be a parameter; BigInt lets nothing but digits through.
  await tx.query(forStaging('attach_partition', parent, importId).replace('$value', String(BigInt(importId))));
}

export async function partitionExists(db: Queryable, parent: StagingTable, importId: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    partition(parent, importId),
  ]);
  return rows[0]?.found === true;
}

/** Drops the import's staged lines. Calling it twice is a no-op. */
export async function dropPartition(db: Queryable, parent: StagingTable, importId: string): Promise<void> {
  await db.query(`drop table if exists ${partition(parent, importId)}`);
}
