// What all runs of one process of tests share: a database with a stopped clock and a log of transitions, and the simulation.
import { openDatabase, type Database } from '../../adapters/postgres/database.ts';
import { openTestClock } from '../test-clock.ts';
import { Simulation } from './simulation.ts';

export interface SharedModel {
  db: Database;
  admin: Database;
  sim: Simulation;
  /** An empty database, at the same time as ever. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const BEGINNING = new Date('2027-03-01T00:00:00Z');
const TABLES = [
  'broadcasts',
  'broadcast_lines',
  'broadcast_recipients',
  'broadcast_ledger',
  'broadcast_slices',
  'broadcast_chunks',
  'broadcast_attempts',
  'suppressions',
  'rate_limits',
  'rate_shares',
  'channel_breakers',
  'contacts',
  'channels',
  'model_transitions',
];

export async function openSharedModel(databaseUrl: string): Promise<SharedModel> {
  const db = openDatabase({ url: databaseUrl, poolSize: 24 });
  const admin = openDatabase({ url: databaseUrl, poolSize: 1 });
  const name = new URL(databaseUrl).pathname.slice(1);
  await admin.query(`alter database ${name} set synchronous_commit = off`);
  await admin.query(`alter database ${name} set jit = off`);
  const clock = await openTestClock(admin);
  await admin.query(`
    create table model_transitions (id bigint generated always as identity primary key, broadcast_id bigint not null,
      ordinal integer not null, was recipient_fate not null, became recipient_fate not null, code text)`);
  await admin.query(`
    create function model_log() returns trigger language plpgsql as $$
    begin
      insert into model_transitions (broadcast_id, ordinal, was, became, code)
      values (new.broadcast_id, new.ordinal, old.fate, new.fate, new.code);
      return null;
    end $$`);
  await admin.query(`
    create trigger model_log after update on broadcast_ledger for each row when (old.fate <> new.fate)
    execute function model_log()`);
  await admin.end();
  const watcher = openDatabase({ url: databaseUrl, poolSize: 1 });
  const sim = new Simulation(watcher, async (ms) => {
    await watcher.query(`update test_clock set ahead = ahead + $1::double precision * interval '1 ms'`, [ms]);
  });
  await clockOn(watcher);
  let runs = 0;
  return {
    db,
    admin: watcher,
    sim,
    clear: async () => {
      const { rows } = await watcher.query<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'broadcast_staging'::regclass`,
      );
      for (const { name: partition } of rows) await watcher.query(`drop table ${partition}`);
      runs += 1;
      if (runs % 100 === 0) await watcher.query(`truncate ${TABLES.join(', ')} cascade`);
      else for (const table of TABLES) await watcher.query(`delete from ${table}`);
      await watcher.query(`update test_clock set stopped_at = $1, ahead = '0'`, [BEGINNING]);
    },
    close: async () => {
      sim.close();
      await db.end();
      await watcher.end();
    },
  };

  async function clockOn(queryable: Database): Promise<void> {
    void clock;
    await (await openTestClock(queryable)).stop(BEGINNING);
  }
}
