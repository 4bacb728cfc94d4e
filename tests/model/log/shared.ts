// What all courses of one process share: a database whose clock goes on by a little with each look at it, and the simulation.
import { openDatabase } from '../../../adapters/postgres/database.ts';
import type { Database } from '../../../ports/database.ts';
import { TEST_KEY } from '../../import-harness.ts';
import { checkKey } from '../../../pipelines/suppressions/suppression-store.ts';
import { dropPartitions, hurry } from '../model-database.ts';
import { Simulation } from '../simulation.ts';

export interface SharedLog {
  db: Database;
  admin: Database;
  sim: Simulation;
  /** An empty database, at the same time as ever. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** After midnight in Taipei, before it in most of the world. */
export const BEGINNING = new Date('2027-03-01T16:20:00Z');

const TABLES = [
  'contacts',
  'contact_tags',
  'contact_tag_removals',
  'tag_events',
  'tag_message_keys',
  'tag_definitions',
  'tag_erasures',
  'attribute_definitions',
  'imports',
  'import_lines',
  'import_slices',
  'import_before_images',
  'suppressions',
  'lake_versions',
  'lake_files',
  'lake_tags',
  'tag_frequencies',
  'tag_frequency_refusals',
  'broadcast_recipients',
];

export async function openSharedLog(databaseUrl: string): Promise<SharedLog> {
  await prepare(databaseUrl);
  const db = openDatabase({ url: databaseUrl, poolSize: 24 });
  const admin = openDatabase({ url: databaseUrl, poolSize: 1 });
  const sim = new Simulation(admin, async (ms) => {
    await admin.query(`update model_clock set ahead = ahead + $1::double precision * interval '1 ms'`, [ms]);
  });
  return {
    db,
    admin,
    sim,
    clear: async () => {
      for (const parent of ['import_staging', 'tag_staging']) await dropPartitions(admin, parent);
      await admin.query(`truncate ${TABLES.join(', ')} restart identity cascade`);
      await admin.query(`update tag_log_watermark set fixed_at = '-infinity'`);
      await admin.query(`update model_clock set ahead = '0'`);
      await admin.query(`select setval('model_ticks', 1)`);
    },
    close: async () => {
      sim.close();
      await db.end();
      await admin.end();
    },
  };
}

/**
 * The clock of the database: it stands still but for ten microseconds at each look, so that no two things happen at the same
 * instant and a course can be repeated.
 */
async function prepare(databaseUrl: string): Promise<void> {
  const db = openDatabase({ url: databaseUrl, poolSize: 1 });
  await hurry(db, databaseUrl);
  await db.query('create sequence model_ticks');
  await db.query(`create table model_clock (ahead interval not null)`);
  await db.query(`insert into model_clock values ('0')`);
  await db.query(
    `create or replace function sluice_now() returns timestamptz language sql volatile parallel unsafe
     as $$ select timestamptz '${BEGINNING.toISOString()}' + ahead + nextval('model_ticks') * interval '10 microseconds' from model_clock $$`,
  );
  // Postgres's own `now` is not that of the model.
  await db.query(`select ensure_tag_months('2026-10-01', '2027-09-01')`);
  await db.query(
    `insert into channels (id, kind, base_url, sender_id, secret_env, rates, time_zone, default_country)
     values ('line', 'line', 'http://127.0.0.1:9', 'bot', 'SLUICE_SECRET_X', '{}', 'Asia/Taipei', 'TW')`,
  );
  await checkKey(db, TEST_KEY);
  await db.end();
}
