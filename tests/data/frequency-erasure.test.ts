// Whoever is erased is in no answer from then on, at whatever moment of a run it happens; and nothing is left behind in the work folder.
import { utimesSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Transaction, TransactionOptions } from '../../ports/database.ts';
import type { Folder } from '../../ports/folder.ts';
import { duckSessions } from '../../adapters/duckdb/session.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import type { PublishRequest } from '../../contracts/tag-frequency.ts';
import { publishFrequency } from '../../pipelines/frequency/publish.ts';
import { bringUpToDate } from '../../pipelines/frequency/scrub.ts';
import {
  countFrequency,
  frequencyOn,
  plainFrequency,
  resultLines,
  runFrequency,
  type TestFrequency,
} from '../frequency-harness.ts';
import { instantUs } from '../../pipelines/frequency/windows.ts';
import { TEST_KEY } from '../import-harness.ts';
import { addContacts, addEvents, control, openTestLake } from '../lake-world.ts';

let world: TestFrequency;
beforeEach(async () => {
  world = frequencyOn(await openTestLake());
  await addContacts(world.db, 30, ['line-a', 'line-b']);
  await addEvents(
    world.db,
    Array.from({ length: 240 }, (_, n) => ({ contact: 1 + (n % 60), tag: `tag ${n % 5}`, at: daysAgo(n / 10) })),
  );
});
afterEach(() => world.lake.close());

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const erase = (contact: number) => eraseContact(world.db, TEST_KEY, String(contact), false);
const WINDOWS = { windows: ['7d', '30d'] };

/** Every published row is readable, says what its files hold, and holds nobody who is not there. */
async function expectNobodyErased(): Promise<void> {
  const { rows } = await world.db.query<{ folder: string; rows: string; checksum: string }>(
    'select folder, rows, checksum::text as checksum from tag_frequencies',
  );
  expect(rows.length).toBeGreaterThan(0);
  const there = await world.db.query<{ id: string }>('select id from contacts');
  const ids = new Set(there.rows.map(({ id }) => id));
  for (const { folder, rows: count, checksum } of rows) {
    const lines = await resultLines(world, folder);
    expect(lines.filter((line) => !ids.has(line.split(' ')[1]!))).toEqual([]);
    const manifest = JSON.parse((await world.resultFolder.read(`${folder}/manifest.json`))!) as { checksum: string };
    expect([lines.length, manifest.checksum]).toEqual([Number(count), checksum]);
  }
}

const counted = async (given = {}) => (await countFrequency(world, { ...WINDOWS, ...given })) as PublishRequest;

/** The world, in which `then` happens whenever `method` of the folder of results is called for a name like that, `times` times. */
function whenever(
  method: keyof Folder,
  like: RegExp,
  then: (time: number) => Promise<unknown>,
  times = 1,
): TestFrequency {
  let happened = 0;
  const resultFolder: Folder = {
    ...world.resultFolder,
    [method]: async (...names: string[]) => {
      if (happened < times && like.test(names[0]!)) await then((happened += 1));
      return (world.resultFolder[method] as (...all: string[]) => unknown)(...names);
    },
  };
  return { ...world, resultFolder };
}

test('erased between counting and publishing', async () => {
  const request = await counted();
  await erase(7);
  const result = await publishFrequency(world, request, control);
  expect(result.windows.map(({ erasedSince }) => erasedSince)).toEqual([1, 1]);
  for (const { folder, checksum, from, to, times } of result.windows) {
    const plain = await plainFrequency(world.db, { from, to, knownAtUs: String(instantUs(result.knownAt)) });
    expect(await resultLines(world, folder)).toEqual(plain.lines);
    expect(checksum).toBe(plain.checksum);
    expect(times).toBe(plain.lines.reduce((sum, line) => sum + Number(line.split(' ').at(-3)), 0));
  }
  await expectNobodyErased();
});

test('whoever is forgotten, a day after the erasure, between the look at who was erased and the reading of it: counted again', async () => {
  const request = await counted();
  await erase(7);
  await world.db.query(`update tag_erasures set erased_at = sluice_now() - interval '2 days'`);
  let forgotten: Promise<unknown> | null = null;
  const withDuck = duckSessions({ memoryMiB: 512, threads: 1, tempFolder: world.lake.dataFolder.at('beside') });
  // The look has been; the refresh beside ends before anybody reads.
  const waiting = {
    ...world.db,
    transaction: async <T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions) => {
      await (forgotten ??= bringUpToDate({ ...world, withDuck }, false, control));
      return world.db.transaction(work, options);
    },
  };
  const late = publishFrequency({ ...world, db: waiting }, request, control);
  await expect(late).rejects.toMatchObject({ code: 'lake_version_gone' });
  await runFrequency(world, WINDOWS);
  await expectNobodyErased();
});

test('many are erased, one at each step of publishing', async () => {
  const request = await counted({ formats: ['parquet', 'csv'] });
  for (const method of ['alias', 'rename'] as const) {
    const erasing = whenever(method, /./, (time) => erase((method === 'alias' ? 0 : 20) + time), 12);
    await publishFrequency(erasing, request, control).catch(() => undefined);
    const again = await counted({ formats: ['parquet', 'csv'], channel: 'line-a' });
    await publishFrequency(erasing, again, control);
  }
  await bringUpToDate(world, false, control);
  await expectNobodyErased();
});

test('erased while the only round of publishing puts its folders in place', async () => {
  const request = await counted();
  await publishFrequency(
    whenever('rename', /./, () => erase(9)),
    request,
    control,
  );
  await expectNobodyErased();
});

test('erased after it was published: the same question is not recognised with the person in it', async () => {
  const first = await runFrequency(world, WINDOWS);
  await erase(3);
  const given = { ...WINDOWS, asOf: first.asOf, knownAt: first.knownAt };
  const again = await runFrequency(world, given);
  expect(again.windows.map(({ erasedSince }) => erasedSince)).toEqual([1, 1]);
  await expectNobodyErased();
  expect(await runFrequency(world, given)).toMatchObject({ recognised: true, windows: again.windows });
});

test('erased during a scrub: the next one takes the person out', async () => {
  await runFrequency(world, { ...WINDOWS, formats: ['parquet', 'csv'] });
  await erase(3);
  await bringUpToDate(
    whenever('make', /scrub/, () => erase(4)),
    false,
    control,
  );
  await bringUpToDate(world, false, control);
  await expectNobodyErased();
});

test('what dead runs left is swept; that of a live run and what is young stay', async () => {
  const dead = crypto.randomUUID();
  const live = crypto.randomUUID();
  const old = (Date.now() - 2 * 86_400_000) / 1000;
  for (const work of [dead, live, 'scrub-1', crypto.randomUUID()]) {
    await world.resultFolder.make(`.work/${work}/0`);
    await world.resultFolder.write(`.work/${work}/0/rows`, 'U…');
  }
  for (const work of [dead, live, 'scrub-1'])
    for (const name of [`${work}/0/rows`, `${work}/0`, work])
      utimesSync(world.resultFolder.at(`.work/${name}`), old, old);
  const asked: string[] = [];
  const runLives = (run: string) => {
    asked.push(run);
    return Promise.resolve(run === live);
  };
  await bringUpToDate({ ...world, runLives }, false, control);
  const left = (await world.resultFolder.list('.work')).map(({ name }) => name);
  expect(left).toHaveLength(2);
  expect(left).toContain(live);
  expect(asked.sort()).toEqual([dead, live].sort());
  // Who cannot ask leaves alone what belongs to a run.
  await bringUpToDate(world, false, control);
  expect(await world.resultFolder.list('.work')).toHaveLength(2);
});

test('results that were put in their place and never became known are swept after a day, and what a killed replacing left', async () => {
  const { windows } = await runFrequency(world, WINDOWS);
  const [known, unknown] = windows.map(({ folder }) => folder) as [string, string];
  const aside = known.replace(/([^/]+)$/, '.$1.old');
  await world.resultFolder.write(`${aside}/manifest.json`, '{}');
  await world.db.query('delete from tag_frequencies where folder = $1', [unknown]);
  await bringUpToDate(world, false, control);
  expect(await world.resultFolder.read(`${unknown}/manifest.json`)).not.toBeNull();
  const old = (Date.now() - 2 * 86_400_000) / 1000;
  for (const folder of [known, unknown, aside]) utimesSync(world.resultFolder.at(folder), old, old);
  await bringUpToDate(world, false, control);
  for (const folder of [unknown, aside]) expect(await world.resultFolder.list(folder)).toEqual([]);
  expect((await world.resultFolder.list(known)).length).toBeGreaterThan(0);
  // `current` does not point to nothing.
  expect(await world.resultFolder.linked('_all/30d/current')).toBeNull();
  expect(await world.resultFolder.linked('_all/7d/current')).toBe(known.split('/')[2]);
});
