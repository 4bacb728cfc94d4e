// The floor of the match bench: what plain SQL needs to turn the same keys, ready normalised, into recipients and ledger rows
// in the same tables. One connection, no outcomes, no suppression, no parameters, no digest.
import { openDatabase } from '../adapters/postgres/database.ts';
import { secondsOf } from './timing.ts';

export interface MatchFloor {
  copy: number;
  /** Join and insert into the ledger: what any matching has to do. */
  ledger: number;
  total: number;
  /** The addresses into broadcast_recipients, which a ledger without addresses needs too; not part of the total. */
  recipients: number;
}

const KEYS = 'create table floor_keys (line bigint, key text collate "C")';

const LEDGER = `insert into broadcast_ledger (broadcast_id, ordinal, fate)
  select $1, row_number() over (order by k.line) - 1, 'planned'
  from floor_keys k join contacts c on c.channel_id = 'bench' and c.social_id = k.key`;

const RECIPIENTS = `insert into broadcast_recipients (broadcast_id, ordinal, line, contact_id, address)
  select $1, row_number() over (order by k.line) - 1, k.line, c.id, c.social_id
  from floor_keys k join contacts c on c.channel_id = 'bench' and c.social_id = k.key`;

/** Runs the floor once on the bench's own contacts; what it wrote goes again. Seconds. */
export async function runMatchFloor(databaseUrl: string, keys: readonly string[]): Promise<MatchFloor> {
  const db = openDatabase({ url: databaseUrl, poolSize: 1, applicationName: 'sluice bench floor' });
  const broadcastId = -1;
  try {
    await db.query('drop table if exists floor_keys');
    await db.query('checkpoint');
    const copy = await secondsOf(async () => {
      await db.query(KEYS);
      const text = Buffer.from(keys.map((key, line) => `${line + 2}\t${key}\n`).join(''));
      await db.transaction((tx) => tx.copyIn('copy floor_keys from stdin', [text]));
    });
    const ledger = await secondsOf(() => db.query(LEDGER, [broadcastId]));
    // Without a sample this join, which needs more than the index holds, is planned five times worse.
    await db.query('analyze floor_keys');
    const recipients = await secondsOf(() => db.query(RECIPIENTS, [broadcastId]));
    return { copy, ledger, total: copy + ledger, recipients };
  } finally {
    for (const table of ['broadcast_ledger', 'broadcast_recipients'])
      await db.query(`delete from ${table} where broadcast_id = $1`, [broadcastId]);
    await db.query('drop table if exists floor_keys');
    await db.end();
  }
}
