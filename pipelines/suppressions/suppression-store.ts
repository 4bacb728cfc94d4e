// The suppression list: addresses that must not be messaged, as hashes. Importing, listing, checking.
import type { Database, Queryable } from '../../ports/database.ts';
import { normaliseEmail } from '../values/email.ts';
import { formsOf, isPhoneCountry, normalisePhone } from '../values/phone.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { addressHash, keyFingerprint } from '../values/address-hash.ts';

const KEY_SETTING = 'suppression_key';

/** Addresses hashed and inserted in one statement. Too low: round trips dominate; too high: parameters grow large. */
const BATCH = 5_000;

/** How an address is read: a PSID is digits too, and only a Messenger channel has any. */
export interface AddressReading {
  defaultCountry: string;
  /** Whether digits that are no phone number may be a PSID. */
  psid: boolean;
}

export interface SuppressionScope extends AddressReading {
  /** A channel id, or `*` for every channel. */
  channel: string;
  reason: string;
  source: string;
}

/**
 * The key's own check: the database remembers which key hashed its list, since with another one nothing would be found.
 * @throws PipelineError `suppression_key_differs`
 */
export async function checkKey(db: Queryable, key: string): Promise<void> {
  const fingerprint = keyFingerprint(key);
  await db.query('insert into settings (name, value) values ($1, $2) on conflict do nothing', [
    KEY_SETTING,
    fingerprint,
  ]);
  const { rows } = await db.query<{ value: string }>('select value from settings where name = $1', [KEY_SETTING]);
  if (rows[0]?.value !== fingerprint)
    throw new PipelineError('suppression_key_differs', 'The suppression list was made with another key.', {
      hint: 'Set SLUICE_SUPPRESSION_KEY to the key it was made with; without it no suppressed address would be recognised.',
    });
}

/** PSIDs seen have 15 digits and more; a phone number has 15 at most. Shorter digits are a mistyped phone, not a PSID. */
const PSID = /^[0-9]{15,25}$/;

/**
 * An address as it is hashed: social id as is, phone in E.164, e-mail by its key. Null when it is none of these.
 * @throws PipelineError `country_unknown`
 */
export function canonicalAddress(raw: string, { defaultCountry, psid }: AddressReading): string | null {
  if (!isPhoneCountry(defaultCountry))
    throw new PipelineError('country_unknown', `"${defaultCountry}" is not a country code.`, {
      hint: 'Use two capital letters, such as TW.',
    });
  const text = raw.normalize('NFKC').trim();
  if (/^U[0-9a-f]{32}$/.test(text)) return text;
  if (text.includes('@')) {
    const email = normaliseEmail(text);
    return email.ok ? email.emailKey : null;
  }
  const phone = normalisePhone(text, { defaultCountry });
  if (phone.ok) return phone.phone.e164;
  return psid && PSID.test(text) ? text : null;
}

/** Adds addresses. Adding one again keeps the first reason. Counts what was new, known, and not an address (by position, 1-based). */
export async function addSuppressions(
  db: Database,
  key: string,
  scope: SuppressionScope,
  addresses: AsyncIterable<string> | Iterable<string>,
): Promise<{ added: number; known: number; invalid: number[] }> {
  await checkKey(db, key);
  const result = { added: 0, known: 0, invalid: [] as number[] };
  let batch: string[] = [];
  const flush = async () => {
    const hash = (address: string) => addressHash(key, scope.channel, address);
    const others = batch.flatMap((address) => formsOf(address).slice(1).map(hash));
    const { rows } = await db.query<{ added: string }>(
      `with added as (
         insert into suppressions (address_hash, channel_id, reason, source)
         select hash, $3, $4, $5 from unnest($1::bytea[] || $2::bytea[]) as hash on conflict do nothing
         returning address_hash
       )
       select count(*) as added from added where address_hash = any ($1::bytea[])`,
      [batch.map(hash), others, scope.channel, scope.reason, scope.source],
    );
    const added = Number(rows[0]!.added);
    result.added += added;
    result.known += batch.length - added;
    batch = [];
  };
  let position = 0;
  for await (const raw of addresses) {
    position += 1;
    if (raw.trim() === '') continue;
    const address = canonicalAddress(raw, scope);
    if (address === null) result.invalid.push(position);
    else batch.push(address);
    if (batch.length >= BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return result;
}

export interface SuppressionCheck {
  suppressed: boolean;
  matches: { channel: string; reason: string; source: string; recordedAt: Date }[];
}

/** Whether an address must not be messaged on a channel (or anywhere, for `*`). @throws PipelineError `address_invalid` */
export async function checkAddress(
  db: Queryable,
  key: string,
  channel: string,
  raw: string,
  reading: AddressReading,
): Promise<SuppressionCheck> {
  await checkKey(db, key);
  const address = canonicalAddress(raw, reading);
  if (address === null)
    throw new PipelineError('address_invalid', 'That is no LINE user id, PSID, phone number or e-mail.', {
      hint: 'Give a phone with its country code, such as +886912345678.',
    });
  const { rows } = await db.query<{ channel_id: string; reason: string; source: string; recorded_at: Date }>(
    'select channel_id, reason, source, recorded_at from suppressions where address_hash = any ($1::bytea[]) order by 1',
    [[...new Set([channel, '*'])].flatMap((scope) => formsOf(address).map((form) => addressHash(key, scope, form)))],
  );
  return {
    suppressed: rows.length > 0,
    matches: rows.map((row) => ({
      channel: row.channel_id,
      reason: row.reason,
      source: row.source,
      recordedAt: row.recorded_at,
    })),
  };
}

/** How many addresses are suppressed, by channel, reason and source. The addresses themselves are not kept. */
export async function listSuppressions(
  db: Queryable,
): Promise<{ channel: string; reason: string; source: string; addresses: number; since: Date }[]> {
  const { rows } = await db.query<{ channel_id: string; reason: string; source: string; n: string; since: Date }>(
    `select channel_id, reason, source, count(*) as n, min(recorded_at) as since
     from suppressions group by 1, 2, 3 order by 1, 2, 3`,
  );
  return rows.map((row) => ({
    channel: row.channel_id,
    reason: row.reason,
    source: row.source,
    addresses: Number(row.n),
    since: row.since,
  }));
}
