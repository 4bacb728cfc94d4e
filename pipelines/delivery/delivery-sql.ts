// The named statements of sql/postgres/delivery.sql.
import { namedStatements } from '../../sql/named.ts';

export const deliverySql = namedStatements('delivery', [
  'begin_slice',
  'abandon_claims',
  'give_back_unsent',
  'claim_singles',
  'confirm_claims',
  'opt_out',
  'record_singles',
  'pick_members',
  'suppress_members',
  'seal_chunks',
  'take_chunks',
  'repeat_chunk',
  'confirm_chunks',
  'give_up_chunks',
  'record_chunks',
  'resend_uncertain',
  'finish_slice',
  'keep_slice_counts',
  'lease_slots',
  'slow_down',
  'breaker_fault',
  'breaker_success',
  'stop_broadcast',
  'probe_unused',
]);
