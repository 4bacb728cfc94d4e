// The named statements of sql/postgres/tags.sql, and what puts an import's own partition into them.
import { namedStatements, withIdentifiers } from '../../sql/named.ts';
import { partition } from '../staging/partition.ts';

export const tagsSql = namedStatements('tags', [
  'copy_lines',
  'resolve',
  'resolve_invalid',
  'mark_known',
  'any_retraction',
  'staged_months',
  'slice_lock',
  'slice_gone',
  'slice_apply',
  'slice_count',
  'record_slice',
  'rejects',
  'lock_contacts',
  'put_event',
  'standing_event',
  'settle_pairs',
  'contacts_of_events',
  'retract_events',
  'import_pages',
  'page_contacts',
  'retract_import',
  'due_months',
  'due_contacts',
  'expire_tags',
  'define_validity',
  'join_writers',
  'wait_for_writers',
  'tagged_contacts',
  'set_expiry',
  'tags_of_contact',
  'events_of_contact',
  'list_tags',
  'wait_for_plans',
  'erase_tags',
  'erase_events',
  'erase_state',
  'erase_contact',
]);

/** A statement with the import's partition, and the column that lines are matched by, put in. */
export function forTags(name: keyof typeof tagsSql, importId: string, key = 'social_id'): string {
  return withIdentifiers(tagsSql[name], { staging: partition('tag_staging', importId), key });
}
