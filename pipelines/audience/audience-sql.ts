// The named statements of sql/postgres/audience.sql, and what puts a broadcast's own partition into them.
import { addressIsPhone } from '../../contracts/channel-kinds.ts';
import { namedStatements, withIdentifiers } from '../../sql/named.ts';
import { partition } from '../staging/partition.ts';
import type { ListPlan } from './list-plan.ts';

export const audienceSql = namedStatements('audience', [
  'copy_lines',
  'has_suppressions',
  'match_repeats',
  'hold_erasures',
  'chunk_end',
  'found_by_social_id',
  'found_by_key',
  'found_by_phone_text',
  'found_by_whatsapp_phone',
  'kept_all',
  'kept_by_first_line',
  'match_chunk',
  'point_to_winner',
  'quota_edge',
  'count_subscribed',
  'has_business_scoped',
  'suppress_same_number',
  'twice_addressed',
  'count_outcomes',
  'lines',
]);

/** A statement with the broadcast's partition, and the column of contacts that lines are matched by, put in. */
export function forList(name: keyof typeof audienceSql, broadcastId: string): string {
  return withPartition(audienceSql[name], broadcastId, 'social_id');
}

function withPartition(statement: string, broadcastId: string, key: string): string {
  return withIdentifiers(statement, { staging: partition('broadcast_staging', broadcastId), key });
}

/** Whether a key may lead to a contact by its address or by its phone, and so two keys to one contact. */
export function keysShareContacts(plan: ListPlan): boolean {
  return addressIsPhone(plan.channelKind) && plan.matchBy === 'phone' && plan.phoneMatch === 'e164';
}

/** `match_chunk` for the key of a list: the same statement around the way its contacts are found. */
export function matchStatement(broadcastId: string, plan: ListPlan): string {
  const kept = keysShareContacts(plan) ? audienceSql.kept_by_first_line : audienceSql.kept_all;
  const statement = audienceSql.match_chunk
    .replace('($found)', () => `(${foundBy(plan)})`)
    .replace('($kept)', () => `(${kept})`);
  return withPartition(statement, broadcastId, plan.matchBy === 'email' ? 'email_key' : plan.matchBy);
}

function foundBy(plan: ListPlan): string {
  if (plan.matchBy === 'social_id') return audienceSql.found_by_social_id;
  if (comparesText(plan)) return audienceSql.found_by_phone_text;
  return keysShareContacts(plan) ? audienceSql.found_by_whatsapp_phone : audienceSql.found_by_key;
}

/** Whether lines are matched by text that no index has. */
export function comparesText(plan: ListPlan): boolean {
  return plan.matchBy === 'phone' && plan.phoneMatch === 'literal';
}
