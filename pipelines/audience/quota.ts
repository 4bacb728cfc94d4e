// The contact quota of a channel: how many contacts may be messaged. The oldest subscriptions keep their place.
import type { Database, Queryable } from '../../ports/database.ts';
import type { QuotaPlaces } from '../broadcast/plan-store.ts';
import { readChannel } from '../channels/channel-store.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { audienceSql } from './audience-sql.ts';

export interface ContactQuota {
  channel: string;
  /** Contacts that may be messaged; null: all. */
  quota: number | null;
  /** Subscribed contacts, each of which takes a place. */
  subscribed: number;
  /** Subscribed contacts without a place. */
  overQuota: number;
}

/** The quota of a channel and how it is used. @throws PipelineError `channel_unknown` */
export async function readContactQuota(db: Queryable, channel: string): Promise<ContactQuota> {
  await readChannel(db, channel);
  const quota = await quotaOf(db, channel);
  const subscribed = await countSubscribed(db, channel);
  return { channel, quota, subscribed, overQuota: quota === null ? 0 : Math.max(0, subscribed - quota) };
}

/**
 * Sets the quota of a channel; null lifts it. Plans made before keep what they found. Setting it again is a no-op.
 * @throws PipelineError `channel_unknown`, `quota_invalid`
 */
export async function setContactQuota(db: Database, channel: string, quota: number | null): Promise<ContactQuota> {
  if (quota !== null && !(Number.isSafeInteger(quota) && quota >= 0))
    throw new PipelineError('quota_invalid', 'A contact quota is a whole number from 0, or none.', {
      hint: `For example: sluice contacts quota set ${channel} 10000.`,
    });
  await readChannel(db, channel);
  await db.query('update channels set contact_quota = $2, updated_at = sluice_now() where id = $1', [channel, quota]);
  return readContactQuota(db, channel);
}

/** Who has a place in the quota now; null when the channel has none. */
export async function findQuotaPlaces(db: Queryable, channel: string): Promise<QuotaPlaces | null> {
  const quota = await quotaOf(db, channel);
  if (quota === null) return null;
  if (quota === 0) return { since: null, contactId: null, free: 0 };
  const { rows } = await db.query<{ since: string; id: string }>(audienceSql.quota_edge, [channel, quota]);
  if (rows[0]) return { since: rows[0].since, contactId: rows[0].id, free: 0 };
  // Fewer subscriptions than places: everyone has one, up to a time that none can be after.
  return { since: 'infinity', contactId: '0', free: quota - (await countSubscribed(db, channel)) };
}

async function quotaOf(db: Queryable, channel: string): Promise<number | null> {
  const { rows } = await db.query<{ contact_quota: string | null }>(
    'select contact_quota from channels where id = $1',
    [channel],
  );
  const quota = rows[0]?.contact_quota ?? null;
  return quota === null ? null : Number(quota);
}

async function countSubscribed(db: Queryable, channel: string): Promise<number> {
  const { rows } = await db.query<{ contacts: string }>(audienceSql.count_subscribed, [channel]);
  return Number(rows[0]!.contacts);
}
