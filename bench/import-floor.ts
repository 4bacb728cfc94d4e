// The floor of the import bench: what plain SQL needs to get the same rows, ready normalised, into the same indexes, with
// one outcome row a line. One connection, three statements, no accounting for anything.
import { createReadStream } from 'node:fs';
import { openDatabase } from '../adapters/postgres/database.ts';
import { secondsOf } from './timing.ts';

export interface FloorTimes {
  copy: number;
  upsert: number;
  outcomes: number;
  total: number;
}

const STAGING = `create table floor_staging (line bigint, social_id text collate "C", display_name text,
  member_id text collate "C", email text, email_key text collate "C", phone text collate "C", phone_raw text,
  last_interaction_at timestamptz, attributes jsonb)`;

const UPSERT = `insert into contacts (channel_id, social_id, display_name, member_id, email, email_key, phone, phone_raw,
    last_interaction_at, attributes, source)
  select 'floor', social_id, display_name, member_id, email, email_key, phone, phone_raw, last_interaction_at, attributes,
    'import' from floor_staging
  on conflict (channel_id, social_id) do update set display_name = excluded.display_name, member_id = excluded.member_id,
    email = excluded.email, email_key = excluded.email_key, phone = excluded.phone, phone_raw = excluded.phone_raw,
    last_interaction_at = excluded.last_interaction_at, attributes = contacts.attributes || excluded.attributes,
    updated_at = now()`;

const OUTCOMES = `insert into import_lines (import_id, line, outcome) select $1, line, 'create' from floor_staging`;

/** Runs the floor once in a migrated database; run it again on the filled table for the floor of an unchanged import. Seconds. */
export async function runFloor(databaseUrl: string, copyFile: string, importId: number): Promise<FloorTimes> {
  const db = openDatabase({ url: databaseUrl, poolSize: 1, applicationName: 'sluice bench floor' });
  try {
    await db.query('drop table if exists floor_staging');
    await db.query('checkpoint');
    const copy = await secondsOf(async () => {
      await db.query(STAGING);
      await db.transaction((tx) => tx.copyIn('copy floor_staging from stdin', createReadStream(copyFile)));
    });
    const upsert = await secondsOf(() => db.query(UPSERT));
    const outcomes = await secondsOf(() => db.query(OUTCOMES, [importId]));
    return { copy, upsert, outcomes, total: copy + upsert + outcomes };
  } finally {
    await db.end();
  }
}
