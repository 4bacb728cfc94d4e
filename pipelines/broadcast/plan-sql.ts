// The named statements of sql/postgres/plan.sql.
import { namedStatements } from '../../sql/named.ts';

export const planSql = namedStatements('plan', [
  'digest_blocks',
  'insert_slices',
  'count_fates',
  'count_requests',
  'others_running',
  'samples',
  'analyze_recipients',
  'analyze_ledger',
]);
