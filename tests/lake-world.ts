// A database with contacts and a tag log, a lake folder and a DuckDB: what tests of the lake and of tag frequency start from.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duckSessions, type DuckSettings } from '../adapters/duckdb/session.ts';
import { folderAt } from '../adapters/files/folder.ts';
import type { Folder } from '../ports/folder.ts';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import type { LakeWorld } from '../pipelines/lake/ports.ts';
import { DIVISION, type Division } from '../pipelines/lake/units.ts';
import { openTestDatabase } from './database.ts';

export const control = { signal: new AbortController().signal, onProgress: () => undefined };

/** A row of the log as a test says it; times are ISO instants. */
export interface GivenEvent {
  contact: number;
  tag: string;
  at: string;
  kind?: 'applied' | 'removed' | 'expired';
  source?: string;
  channel?: string;
}

export interface TestLake extends LakeWorld {
  db: Database;
  dataFolder: Folder;
  close(): Promise<void>;
}

export async function openTestLake(
  given: { timeZone?: string; duck?: Partial<DuckSettings>; division?: Division } = {},
): Promise<TestLake> {
  const database = await openTestDatabase();
  const db = openDatabase({ url: database.databaseUrl });
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-lake-'));
  return {
    db,
    dataFolder: folderAt(folder),
    lakeFolder: folderAt(path.join(folder, 'lake')),
    withDuck: duckSessions({ memoryMiB: 512, threads: 2, tempFolder: path.join(folder, 'tmp'), ...given.duck }),
    timeZone: given.timeZone ?? 'Asia/Taipei',
    graceSeconds: 3_600,
    division: given.division ?? DIVISION,
    close: async () => {
      await db.end();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Contacts 1 to `count` on each channel, by ids that follow one another: channel `line-a` gets 1…count, the next goes on. */
export async function addContacts(db: Database, count: number, channels = ['line-a']): Promise<void> {
  for (const [index, channel] of channels.entries()) {
    await db.query(
      `insert into channels (id, kind, base_url, sender_id, secret_env, time_zone, default_country)
       values ($1, 'line', 'http://127.0.0.1:9', 'bot', 'SLUICE_SECRET_X', 'Asia/Taipei', 'TW') on conflict do nothing`,
      [channel],
    );
    await db.query(
      `insert into contacts (id, channel_id, social_id, subscribed, source) overriding system value
       select $2::bigint * $3::bigint + n, $1, 'U' || md5(($2::bigint * $3::bigint + n)::text), true, 'test' from generate_series(1, $3::int) n`,
      [channel, index, count],
    );
  }
}

/** Writes events as they stand; gives their ids in order. */
export async function addEvents(db: Database, events: readonly GivenEvent[]): Promise<string[]> {
  for (const event of events) await db.query('select ensure_tag_months($1, $1)', [event.at]);
  const { rows } = await db.query<{ id: string }>(
    `insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key)
     select c.channel_id, g.contact, g.kind, g.tag, g.at, g.source, gen_random_uuid()
     from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]) with ordinality
       g (contact, kind, tag, at, source, place)
     join contacts c on c.id = g.contact order by g.place
     returning id`,
    [
      events.map(({ contact }) => contact),
      events.map(({ kind }) => kind ?? 'applied'),
      events.map(({ tag }) => tag),
      events.map(({ at }) => at),
      events.map(({ source }) => source ?? 'manual'),
    ],
  );
  return rows.map(({ id }) => id);
}

/** Retracts events by their ids. */
export async function retract(db: Database, ids: readonly string[]): Promise<void> {
  await db.query(
    `insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key, retracts)
     select channel_id, contact_id, 'retracted', tag, occurred_at, source, gen_random_uuid(), id
     from tag_events where id = any ($1::bigint[])`,
    [ids],
  );
}
