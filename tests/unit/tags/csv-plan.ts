// A tag log in CSV as it was inspected: who, the tag and the time, for a LINE channel in Taipei.
import type { TagPlan } from '../../../pipelines/tags/tag-plan.ts';

export const CSV_PLAN: TagPlan = {
  format: 'csv',
  channelKind: 'line',
  defaultCountry: 'TW',
  timeZone: 'Asia/Taipei',
  dateFormat: null,
  delimiter: ',',
  quote: '"',
  columns: 3,
  matchBy: 'social_id',
  key: 0,
  tag: 1,
  time: 2,
  source: null,
  messageId: null,
  kind: null,
  defaultSource: 'import',
  latest: '2024-06-01T00:00:00.000Z',
};
