// The statements of tag frequency, checked against their files at start.
import { namedStatements } from '../../sql/named.ts';

export const countSql = namedStatements(
  'frequency',
  [
    'no_events',
    'settled_events',
    'later_events',
    'people',
    'no_people',
    'tags',
    'no_tags',
    'count_pass',
    'tag_names',
    'count_tags',
    'tags_by_number',
    'channels_by_number',
    'write_window',
    'sum_window',
    'write_csv',
    'write_json',
    'write_parquet',
    'most_frequent',
    'rows_in_order',
    'window_totals',
    'top_tags',
    'times_by_tag',
    'times_by_day',
    'pairs_by_times',
    'still_there',
    'nobody_there',
    'write_kept',
  ],
  'duckdb',
);

export const frequencySql = namedStatements('frequency', [
  'published',
  'published_before',
  'publish',
  'refuse',
  'erased_between',
  'of_contact',
  'log_now',
  'touched_by_erasure',
  'scrubbed',
]);
