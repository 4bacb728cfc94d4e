// The named statements of sql/postgres/broadcast.sql.
import { namedStatements } from '../../sql/named.ts';

export const broadcastSql = namedStatements('broadcast', [
  'lock_by_digest',
  'lock_by_id',
  'take_over',
  'supersede_slices',
  'left_of_scope',
  'suppress_unbound',
  'create_contacts',
  'unmake_suppressed',
  'bind_contacts',
  'open_slices',
  'cancel_planned',
  'close_slices',
  'reopen_failed',
  'reopen_uncertain',
  'reopen_cancelled',
  'reopen_slices',
  'uncounted_slices',
  'count_fates',
  'in_flight',
  'unresolved',
  'show_settling',
  'claimed_slices',
  'recent_rate',
]);
