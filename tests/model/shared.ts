// What all runs of one process of tests share: a database with a stopped clock and a log of transitions, and the simulation.
import { openDatabase } from '../../adapters/postgres/database.ts';
import type { Database } from '../../ports/database.ts';
import { openTestClock } from '../test-clock.ts';
import { dropPartitions, hurry } from './model-database.ts';
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
  await prepare(databaseUrl);
  const db = openDatabase({ url: databaseUrl, poolSize: 24 });
  const admin = openDatabase({ url: databaseUrl, poolSize: 1 });
  const clock = await openTestClock(admin);
  await clock.stop(BEGINNING);
  const sim = new Simulation(admin, (ms) => clock.advance(ms));
  let runs = 0;
  return {
    db,
    admin,
    sim,
    clear: async () => {
      await dropPartitions(admin, 'broadcast_staging');
      runs += 1;
      if (runs % 100 === 0) await admin.query(`truncate ${TABLES.join(', ')} cascade`);
      else for (const table of TABLES) await admin.query(`delete from ${table}`);
      await admin.query(`update test_clock set stopped_at = $1, ahead = '0'`, [BEGINNING]);
    },
    close: async () => {
      sim.close();
      await db.end();
      await admin.end();
    },
  };
}

/** Settings that hold for sessions opened later, and a log that no product code knows of. */
async function prepare(databaseUrl: string): Promise<void> {
  const db = openDatabase({ url: databaseUrl, poolSize: 1 });
  await hurry(db, databaseUrl);
  await db.query(`
    create table model_transitions (id bigint generated always as identity primary key, broadcast_id bigint not null,
      ordinal integer not null, was recipient_fate not null, became recipient_fate not null, code text)`);
  await db.query(`
    create function model_log() returns trigger language plpgsql as $$
    begin
      insert into model_transitions (broadcast_id, ordinal, was, became, code)
      values (new.broadcast_id, new.ordinal, old.fate, new.fate, new.code);
      return null;
    end $$`);
  await db.query(`
    create trigger model_log after update on broadcast_ledger for each row when (old.fate <> new.fate)
    execute function model_log()`);
  await db.end();
}
