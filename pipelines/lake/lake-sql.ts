// The statements of the lake, checked against their files at start.
import { namedStatements } from '../../sql/named.ts';

export const lakeSql = namedStatements('lake', [
  'fix_watermark',
  'marked_until',
  'head',
  'business_day',
  'version_files',
  'all_days',
  'dirty_days',
  'copy_events',
  'copy_contacts',
  'drafts',
  'unfinished_watermark',
  'add_draft',
  'add_version',
  'add_files',
  'count_version',
  'clear_marks',
  'outdated_files',
  'forget_files',
  'known_paths',
  'log_checksum',
]);

export const lakeFilesSql = namedStatements(
  'lake',
  [
    'begin_events',
    'load_events',
    'keep_events',
    'count_unit',
    'write_events',
    'unknown_contacts',
    'all_contacts',
    'write_contacts',
    'unit_checksum',
  ],
  'duckdb',
);
