// The named statements of sql/postgres/broadcast.sql.
import { namedStatements } from '../../sql/named.ts';

export const broadcastSql = namedStatements('broadcast', [
  'lock_by_digest',
  'lock_by_id',
  'take_over',
  'create_contacts',
  'bind_contacts',
  'open_slices',
  'cancel_planned',
  'close_slices',
  'reopen_failed',
  'reopen_uncertain',
  'reopen_cancelled',
  'reopen_slices',
  'count_fates',
  'in_flight',
  'claimed_slices',
  'recent_rate',
]);
