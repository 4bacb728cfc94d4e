// The schema: the generated types are those of the migrated database, migrations apply once, and hashes agree.
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { addressHash, suppressionPads } from '../../pipelines/values/address-hash.ts';
import { packageRoot } from '../../server/package-root.ts';
import { sqlFolder } from '../../sql/named.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { addContacts, addEvents, control, openTestLake } from '../lake-world.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await openTestDatabase();
  client = new pg.Client({ connectionString: database.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('the generated Kysely types are those of the live schema', async () => {
  const script = path.join(packageRoot(), 'scripts', 'generate-types.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--verify'], {
    env: { ...process.env, DATABASE_URL: database.databaseUrl },
  });
  expect(stdout).toContain('up to date');
});

test('migrating again applies nothing; two at once apply each migration once', async () => {
  expect(await migrate(database.databaseUrl)).toEqual({ applied: [] });
  await client.query('drop schema public cascade; create schema public');
  const [a, b] = await Promise.all([migrate(database.databaseUrl), migrate(database.databaseUrl)]);
  expect([...a.applied, ...b.applied].sort()).toEqual([...new Set([...a.applied, ...b.applied])].sort());
  expect(a.applied.length + b.applied.length).toBeGreaterThan(0);
});

test('a migration that was edited, and a database that is newer, are refused', async () => {
  await client.query(`update schema_migrations set sha256 = 'x' || sha256 where name like '0001%'`);
  await expect(migrate(database.databaseUrl)).rejects.toMatchObject({ code: 'migration_changed' });
  await client.query(`update schema_migrations set sha256 = substr(sha256, 2) where name like '0001%'`);
  await client.query(`insert into schema_migrations values ('9999-future.sql', 'x')`);
  await expect(migrate(database.databaseUrl)).rejects.toMatchObject({ code: 'schema_newer' });
  await client.query(`delete from schema_migrations where name like '9999%'`);
});

test('a lake from before tags had numbers is given up: its files go after the grace time, the next refresh writes all', async () => {
  const lake = await openTestLake();
  try {
    await lake.db.query('drop schema public cascade; create schema public');
    const folder = path.join(sqlFolder(), 'migrations');
    const names = (await readdir(folder)).sort();
    const numbered = names.findIndex((name) => name.startsWith('0005'));
    for (const name of names.slice(0, numbered)) await lake.db.query(await readFile(path.join(folder, name), 'utf8'));
    await addContacts(lake.db, 3);
    await addEvents(lake.db, [
      { contact: 1, tag: 'VIP', at: '2026-01-01T12:00:00Z' },
      { contact: 2, tag: 'VIP', at: '2026-01-02T12:00:00Z' },
    ]);
    await lake.db.query(`
      insert into lake_versions (watermark, time_zone, files, rows)
      select clock_timestamp(), '${lake.timeZone}', 1, 5 from generate_series(1, 3)`);
    const draft = `insert into lake_files
      (path, kind, unit_from, unit_to, rows, bytes, sha256, watermark, time_zone, base_version, added_in, removed_in, removed_at)
      values ($1, 'events', '2026-01-01', '2026-01-02', 5, 1, '', now(), $2, $3, $4, $5, $6)`;
    await lake.db.query(draft, ['events/now', lake.timeZone, 0, 1, null, null]);
    await lake.db.query(draft, ['events/old', lake.timeZone, 0, 1, 2, '2026-01-03']);
    await lake.db.query(draft, ['events/draft', lake.timeZone, 3, null, null, null]);
    for (const name of names.slice(numbered)) await lake.db.query(await readFile(path.join(folder, name), 'utf8'));
    const files = await lake.db.query(
      `select path, removed_in, removed_at > '2026-01-03' as lately, base_version from lake_files order by path`,
    );
    expect(files.rows).toEqual([
      { path: 'events/draft', removed_in: null, lately: null, base_version: '-1' },
      { path: 'events/now', removed_in: '4', lately: true, base_version: '0' },
      { path: 'events/old', removed_in: '2', lately: false, base_version: '0' },
    ]);
    // A worker of the version before, still there, can leave no file that nobody can read.
    await expect(lake.db.query(draft, ['events/late', lake.timeZone, 0, null, null, null])).rejects.toThrow('format');
    expect(await refreshLake(lake, false, control)).toMatchObject({ version: '4', rows: 2, daysChanged: 2 });
    expect(await verifyLake(lake, control)).toMatchObject({ version: '4', problems: [] });
  } finally {
    await lake.close();
  }
});

test('address_hash in SQL is HMAC-SHA256 in Node, for any key and address', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1, maxLength: 150, unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      async (key, raw) => {
        const address = raw.replaceAll('\0', '');
        const { inner, outer } = suppressionPads(key);
        const { rows } = await client.query<{ hash: Buffer }>('select address_hash($1, $2, $3, $4) as hash', [
          inner,
          outer,
          'line',
          address,
        ]);
        expect(rows[0]!.hash.toString('hex')).toBe(addressHash(key, 'line', address).toString('hex'));
      },
    ),
    { numRuns: 60 },
  );
});
