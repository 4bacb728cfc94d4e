// Fills the tag log of a bench: events in the order of time, as they come, of people who each have some tags they get often.
import type { Database } from '../ports/database.ts';
import { addChannel } from '../pipelines/channels/channel-store.ts';

export const DAYS = 120;
const CONTACTS_PER_EVENT = 100;
/** Rows of one statement; only speed. */
const CHUNK = 1_000_000;

/** `events` events over the last 120 days, of a hundredth as many contacts with some nine tags each. */
export async function fillTagLog(db: Database, events: number, say: (text: string) => void): Promise<number> {
  const contacts = Math.max(10, Math.floor(events / CONTACTS_PER_EVENT));
  await addChannel(db, {
    id: 'bench',
    kind: 'line',
    baseUrl: 'http://127.0.0.1:1',
    senderId: 'bench',
    secretEnv: 'SLUICE_SECRET_BENCH',
    defaultCountry: 'TW',
    timeZone: 'Asia/Taipei',
    rates: {},
    enabled: true,
  });
  await db.query(
    `insert into contacts (channel_id, social_id, subscribed, source)
     select 'bench', 'U' || md5(n::text), true, 'bench' from generate_series(1, $1::int) n`,
    [contacts],
  );
  const { rows } = await db.query<{ first: string }>('select min(id) as first from contacts');
  await db.query(`select ensure_tag_months(now() - $1 * interval '1 day', now())`, [DAYS]);
  // Made again at the end: a bench waits less, and the tree is as good.
  const indexes = ['tag_events_key', 'tag_events_contact', 'tag_events_retracts', 'tag_events_ranges'];
  const { rows: definitions } = await db.query<{ indexdef: string }>(
    `select indexdef from pg_indexes where indexname = any ($1)`,
    [indexes],
  );
  for (const index of indexes) await db.query(`drop index ${index}`);
  for (let from = 0; from < events; from += CHUNK) {
    await db.query(
      `insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key)
       select 'bench', $4::bigint + who, 'applied', 'tag ' || (who * 31 + (hashint8(n * 7) & 15) * (hashint8(n) & 1)) % 200,
         now() - interval '1 minute' - ($3::bigint - n) * ($5 * interval '1 day' / $3::bigint), 'bot',
         md5(n::text)::uuid
       from (select n, (hashint8extended(n, 1) & 2147483647) % $6::bigint as who from generate_series($1::bigint, $2::bigint) n) rows`,
      [from + 1, Math.min(events, from + CHUNK), events, rows[0]!.first, DAYS, contacts],
    );
    say(`${Math.min(events, from + CHUNK)} of ${events} events written`);
  }
  say('making the indexes of the log');
  for (const { indexdef } of definitions) await db.query(indexdef.replace(' ON ONLY ', ' ON '));
  await db.query('vacuum analyze tag_events');
  await db.query('vacuum analyze contacts');
  return contacts;
}
