// Databases from before erasures had numbers: what they had begun is ended, and nobody stays in their lake or in their answers.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { requireBusinessZone } from '../../pipelines/lake/business-zone.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { bringUpToDate } from '../../pipelines/frequency/scrub.ts';
import { sqlFolder } from '../../sql/named.ts';
import { frequencyOn, resultLines, runFrequency, type TestFrequency } from '../frequency-harness.ts';
import { TEST_KEY } from '../import-harness.ts';
import { addContacts, addEvents, control, openTestLake } from '../lake-world.ts';

let world: TestFrequency;
beforeEach(async () => {
  world = frequencyOn(await openTestLake());
});
afterEach(() => world.lake.close());

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

/** A schema as it was before 0009, with a lake of one version; `then`; and the migration. */
async function migrated(then: string): Promise<void> {
  await world.db.query('drop schema public cascade; create schema public');
  const folder = path.join(sqlFolder(), 'migrations');
  const names = (await readdir(folder)).sort();
  const at = names.findIndex((name) => name.startsWith('0009'));
  const apply = async (some: string[]) => {
    for (const name of some) await world.db.query(await readFile(path.join(folder, name), 'utf8'));
  };
  await apply(names.slice(0, at));
  await addContacts(world.db, 3);
  await addEvents(world.db, [{ contact: 1, tag: 'VIP', at: '2026-01-01T12:00:00Z' }]);
  await world.db.query(`
    insert into lake_versions (watermark, time_zone, files, rows) values (clock_timestamp(), 'Europe/London', 1, 1);
    insert into lake_files (path, kind, rows, bytes, sha256, watermark, time_zone, base_version, added_in, format)
      values ('contacts/now', 'contacts', 1, 1, '', now(), 'Europe/London', 0, 1, 2);
    insert into tag_erasures (channel_id, first_at, last_at, events) values ('line-a', now(), now(), 1), ('line-a', now(), now(), 1);
    ${then}`);
  await apply(names.slice(at));
}

test('the zone of the lake that is there is kept, and a lake that has taken in all erasures too', async () => {
  await migrated('');
  await expect(requireBusinessZone(world.db, 'Asia/Taipei')).rejects.toMatchObject({
    details: { stored: 'Europe/London' },
  });
  const { rows } = await world.db.query('select version, erased_through from lake_versions');
  expect(rows).toEqual([{ version: '1', erased_through: '2' }]);
});

test('a lake that still has to take some in is given up, and written anew', async () => {
  await migrated('insert into lake_dirty_hours (hour) values (now())');
  const { rows } = await world.db.query('select removed_in from lake_files');
  expect(rows).toEqual([{ removed_in: '2' }]);
  const lake = { ...world, timeZone: 'Europe/London' };
  expect(await refreshLake(lake, false, control)).toMatchObject({ version: '2', rows: 1 });
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('an answer that still holds somebody of whom nobody knows any more who it was is looked through by who is there', async () => {
  await addContacts(world.db, 10);
  await addEvents(
    world.db,
    Array.from({ length: 30 }, (_, n) => ({ contact: 1 + (n % 10), tag: 't', at: daysAgo(1 + n / 10) })),
  );
  const { windows } = await runFrequency(world, { windows: ['30d'] });
  await eraseContact(world.db, TEST_KEY, '4', false);
  await world.db.query('update tag_erasures set contact_id = null; update tag_frequencies set erased_through = 0');
  await bringUpToDate(world, false, control);
  const ids = (await resultLines(world, windows[0]!.folder)).map((line) => line.split(' ')[1]);
  expect(ids).toHaveLength(9);
  expect(ids).not.toContain('4');
  expect(await verifyLake(world, control)).toMatchObject({ rows: 27, problems: [] });
});

test('whom an erasure concerns is forgotten when a day has passed and nobody needs it', async () => {
  await addContacts(world.db, 3);
  await addEvents(world.db, [
    { contact: 1, tag: 't', at: daysAgo(1) },
    { contact: 2, tag: 't', at: daysAgo(1) },
  ]);
  await runFrequency(world, { windows: ['30d'] });
  await eraseContact(world.db, TEST_KEY, '1', false);
  const known = async () => (await world.db.query('select from tag_erasures where contact_id is not null')).rowCount;
  await bringUpToDate(world, false, control);
  expect(await known()).toBe(1);
  await world.db.query(`update tag_erasures set erased_at = erased_at - interval '25 hours'`);
  await bringUpToDate(world, false, control);
  expect(await known()).toBe(0);
});
