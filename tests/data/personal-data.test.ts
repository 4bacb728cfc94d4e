// docs/operating.md names every place that holds personal data: whatever holds the address of a sample person must stand there.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frequencyOn, runFrequency, type TestFrequency } from '../frequency-harness.ts';
import { addContacts, addEvents, openTestLake } from '../lake-world.ts';

let world: TestFrequency;
beforeAll(async () => {
  world = frequencyOn(await openTestLake());
  await addContacts(world.db, 5);
  await addEvents(world.db, [
    { contact: 1, tag: 'a telling tag', at: new Date(Date.now() - 86_400_000).toISOString() },
  ]);
  await runFrequency(world, { formats: ['parquet', 'csv'], report: true });
});
afterAll(() => world.lake.close());

test('every table and every folder with an address or a tag is named', async () => {
  const docs = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const section = docs.slice(docs.indexOf('## Where personal data lies'), docs.indexOf('### Removing files'));
  const { rows: people } = await world.db.query<{ social_id: string }>('select social_id from contacts where id = 1');
  const { rows: tables } = await world.db.query<{ name: string }>(
    `select coalesce(i.inhparent::regclass::text, c.relname) as name, c.relname as relation
     from pg_class c left join pg_inherits i on i.inhrelid = c.oid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
  );
  const holding = new Set<string>();
  for (const { name } of tables) {
    const found = await world.db.query(`select from "${name}" t where t::text like any ($1) limit 1`, [
      [`%${people[0]!.social_id}%`, '%a telling tag%'],
    ]);
    if (found.rowCount > 0) holding.add(name);
  }
  expect([...holding].sort()).toEqual(['contacts', 'lake_tags', 'tag_events']);
  for (const name of holding) expect(section).toContain(`\`${name}\``);
  const folders = (await world.lake.dataFolder.list()).map(({ name }) => name);
  expect(folders.sort()).toEqual(['frequency', 'lake', 'reports', 'tmp']);
  for (const name of folders) expect(section).toContain(`\`${name}/\``);
});
