// The named statements of sql/postgres/delivery.sql.
import { namedStatements } from '../../sql/named.ts';

export const deliverySql = namedStatements('delivery', [
  'begin_slice',
  'abandon_claims',
  'give_back_unsent',
  'claim_singles',
  'record_singles',
  'pick_members',
  'suppress_members',
  'seal_chunks',
  'take_chunks',
  'repeat_chunk',
  'record_chunks',
  'resend_uncertain',
  'finish_slice',
  'lease_slots',
  'slow_down',
  'breaker_fault',
  'breaker_success',
  'stop_broadcast',
  'probe_unused',
]);
