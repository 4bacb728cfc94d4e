// Channels: the sender accounts. Adding, changing, reading; the secret itself is never seen here, only its variable's name.
import { isDeepStrictEqual } from 'node:util';
import type { Database, Queryable } from '../../ports/database.ts';
import type { Channel } from '../../contracts/channel.ts';
import { type ChannelKind, DOCUMENTED_RATES, KINDS } from '../../contracts/channel-kinds.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';

interface StoredChannel {
  id: string;
  kind: ChannelKind;
  base_url: string;
  sender_id: string;
  secret_env: string;
  rates: Record<string, number>;
  default_country: string;
  time_zone: string;
  enabled: boolean;
}

function fromStored(row: StoredChannel): Channel {
  return {
    id: row.id,
    kind: row.kind,
    baseUrl: row.base_url,
    senderId: row.sender_id,
    secretEnv: row.secret_env,
    rates: row.rates,
    defaultCountry: row.default_country,
    timeZone: row.time_zone,
    enabled: row.enabled,
  };
}

/** Every channel, by id. */
export async function listChannels(db: Queryable): Promise<Channel[]> {
  const { rows } = await db.query<StoredChannel>('select * from channels order by id');
  return rows.map(fromStored);
}

/** @throws PipelineError `channel_unknown`, naming the channels there are */
export async function readChannel(db: Queryable, id: string): Promise<Channel> {
  const { rows } = await db.query<StoredChannel>('select * from channels where id = $1', [id]);
  if (rows[0]) return fromStored(rows[0]);
  const others = (await listChannels(db)).map((channel) => channel.id);
  throw new PipelineError('channel_unknown', `There is no channel "${id}".`, {
    hint:
      others.length > 0
        ? `There are: ${others.join(', ')}. Add another with: sluice channels add.`
        : 'Add one with: sluice channels add.',
  });
}

/**
 * Adds a channel. Adding the very same channel again is a no-op; the same id with other facts is refused.
 * @throws PipelineError `channel_exists`, `channel_invalid`
 */
export async function addChannel(db: Database, channel: Channel): Promise<Channel> {
  checkChannel(channel);
  const { rowCount } = await db.query(
    `insert into channels (id, kind, base_url, sender_id, secret_env, rates, default_country, time_zone, enabled)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    values(channel),
  );
  const stored = await readChannel(db, channel.id);
  if (rowCount === 0 && !isDeepStrictEqual(stored, channel))
    throw new PipelineError('channel_exists', `There is a channel "${channel.id}" already, with other settings.`, {
      hint: `Change it with: sluice channels set ${channel.id} …`,
    });
  return stored;
}

export type ChannelChanges = Partial<Omit<Channel, 'id' | 'kind' | 'rates'>> & {
  rates?: Record<string, number | null>;
};

/**
 * Changes the given facts of a channel, rates one by one (null: the provider's own again); its kind stays, since every contact's id
 * depends on it.
 */
export async function setChannel(db: Database, id: string, changes: ChannelChanges): Promise<Channel> {
  return db.transaction(async (tx) => {
    await tx.query('select from channels where id = $1 for update', [id]);
    const before = await readChannel(tx, id);
    const rates = Object.entries({ ...before.rates, ...changes.rates }).filter(
      (entry): entry is [string, number] => entry[1] !== null,
    );
    const channel = { ...before, ...changes, rates: Object.fromEntries(rates) };
    checkChannel(channel, changes);
    await tx.query(
      `update channels set kind = $2, base_url = $3, sender_id = $4, secret_env = $5, rates = $6, default_country = $7,
         time_zone = $8, enabled = $9, updated_at = sluice_now() where id = $1`,
      values(channel),
    );
    return channel;
  });
}

function values(channel: Channel): unknown[] {
  return [
    channel.id,
    channel.kind,
    channel.baseUrl,
    channel.senderId,
    channel.secretEnv,
    JSON.stringify(channel.rates),
    channel.defaultCountry,
    channel.timeZone,
    channel.enabled,
  ];
}

/**
 * The one judge of a channel's facts; all problems at once. Endpoints and the names of secrets are judged where they are
 * `given`: a channel from before that was judged must still be able to rest.
 */
function checkChannel(channel: Channel, given: ChannelChanges = channel): void {
  const problems: string[] = [];
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(channel.id))
    problems.push('the id must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit');
  if (!URL.canParse(channel.baseUrl) || !/^https?:$/.test(new URL(channel.baseUrl).protocol))
    problems.push('the base URL must begin with http:// or https://');
  if (channel.senderId.trim() === '') problems.push('the sender id is empty');
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(channel.secretEnv))
    problems.push('the secret must be the name of an environment variable, not the secret itself');
  if (!/^[A-Z]{2}$/.test(channel.defaultCountry)) problems.push('the country must be two letters, such as TW');
  if (!isTimeZone(channel.timeZone)) problems.push(`"${channel.timeZone}" is not an IANA time zone`);
  const foreign = given.secretEnv?.startsWith('SLUICE_') && !given.secretEnv.startsWith('SLUICE_SECRET_');
  if (foreign) problems.push('a secret whose name begins with SLUICE_ must begin with SLUICE_SECRET_');
  const endpoints = ['*', ...KINDS[channel.kind].endpoints];
  const named = Object.entries(given.rates ?? {}).filter(([name, rate]) => rate !== null && !endpoints.includes(name));
  for (const [endpoint] of named)
    problems.push(`there is no endpoint "${endpoint}" on ${channel.kind}; there are ${endpoints.join(', ')}`);
  for (const [endpoint, rate] of Object.entries(channel.rates))
    if (!(Number.isFinite(rate) && rate >= 0))
      problems.push(`the rate of ${endpoint} must be requests a second, above 0, or 0 for no limit`);
  if (problems.length > 0)
    throw new PipelineError('channel_invalid', `Channel "${channel.id}" is not valid: ${problems.join('; ')}.`, {
      hint: 'Mend all of these and try again.',
    });
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Requests a second that a channel may make on an endpoint: its own number, its number for all, the provider's. 0: no limit. */
export function rateOf(channel: Pick<Channel, 'rates'>, endpoint: string): number {
  return channel.rates[endpoint] ?? channel.rates['*'] ?? DOCUMENTED_RATES[endpoint] ?? 0;
}
