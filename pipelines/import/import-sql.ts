// The named statements of sql/postgres/import.sql, and what puts an import's own partition into them.
import { namedStatements, withIdentifiers } from '../../sql/named.ts';
import { partition } from '../staging/partition.ts';

export const importSql = namedStatements('import', [
  'copy_lines',
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
