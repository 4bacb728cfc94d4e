// The named statements of sql/postgres/broadcast.sql.
import { namedStatements } from '../../sql/named.ts';

export const broadcastSql = namedStatements('broadcast', [
  'plan_by_digest',
  'plan_by_id',
  'lock_broadcast',
  'sent_before',
  'take_over',
  'supersede_slices',
  'left_of_scopes',
  'suppress_unbound',
  'create_contacts',
  'unmake_suppressed',
  'bind_contacts',
  'open_slices',
  'cancel_planned',
  'close_slices',
  'reopen_recipients',
  'reopen_slices',
  'uncounted_slices',
  'count_fates',
  'in_flight',
  'unresolved',
  'show_settling',
  'claimed_slices',
  'recent_rate',
]);
