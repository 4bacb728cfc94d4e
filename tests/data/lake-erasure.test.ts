// Erasures and the lake: rewritten from Parquet without the person, never a way to block a refresh, nothing of a dead refresh in a rebuild.
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../ports/database.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { headVersion, versionFiles } from '../../pipelines/lake/manifest.ts';
import type { LakeWorld } from '../../pipelines/lake/ports.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { frequencyOn, plainFrequency, resultLines, runFrequency } from '../frequency-harness.ts';
import { TEST_KEY } from '../import-harness.ts';
import { addContacts, addEvents, control, openTestLake, type TestLake } from '../lake-world.ts';

let lake: TestLake;
beforeEach(async () => {
  lake = await openTestLake({ division: { unitRows: 30, countedRows: 1_000 } });
  await addContacts(lake.db, 40);
});
afterEach(() => lake.close());

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const erase = (contact: number) => eraseContact(lake.db, TEST_KEY, String(contact), false);
/** Everybody has an event on each of so many days. */
const everybody = (days: number) =>
  Array.from({ length: days * 40 }, (_, n) => ({
    contact: 1 + (n % 40),
    tag: `tag ${n % 3}`,
    at: daysAgo(Math.floor(n / 40) + 0.5),
  }));

/** A database that counts the bytes of what is copied out of the log, and of the contacts. */
function counting(db: Database): { db: Database; bytes: { events: number; contacts: number } } {
  const bytes = { events: 0, contacts: 0 };
  return {
    bytes,
    db: {
      ...db,
      transaction: (work, options) =>
        db.transaction(
          (tx) =>
            work({
              ...tx,
              copyOut: async (text, into) => {
                const what = text.includes('from tag_events')
                  ? 'events'
                  : text.includes('from contacts')
                    ? 'contacts'
                    : null;
                const through = new Writable({
                  write: (chunk: Buffer, _encoding, done) => {
                    if (what) bytes[what] += chunk.length;
                    into.write(chunk, done);
                  },
                  final: (done) => void into.end(done),
                });
                await tx.copyOut(text, through);
              },
            }),
          options,
        ),
    },
  };
}

async function files(kind: string) {
  const head = await headVersion(lake.db);
  return (await versionFiles(lake.db, head!.version)).filter((file) => file.kind === kind);
}

test('an erasure takes the person out of the Parquet files and copies nobody out of Postgres', async () => {
  await addEvents(lake.db, everybody(90));
  await refreshLake(lake, false, control);
  const before = await files('events');
  await erase(7);
  const { db, bytes } = counting(lake.db);
  const refreshed = await refreshLake({ ...lake, db }, false, control);
  expect(bytes).toEqual({ events: 0, contacts: 0 });
  expect(refreshed.rows).toBe(39 * 90);
  // Of a divided unit only the file that can hold the contact.
  const changed = (await files('events')).filter(({ id }) => !before.some((file) => file.id === id));
  expect(changed.filter(({ buckets }) => buckets === 4).length).toBeGreaterThan(0);
  expect(changed.every(({ buckets, bucket }) => bucket === 7 % buckets)).toBe(true);
  await lake.withDuck(control.signal, async (duck) => {
    for (const kind of ['events', 'contacts']) {
      const paths = (await files(kind)).map(({ path }) => `'${lake.lakeFolder.at(path)}'`).join(', ');
      expect(await duck.rows(`select 1 from read_parquet([${paths}]) where contact_id = 7`)).toEqual([]);
    }
  });
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('an erasure together with late events: the day comes from the log, the rest without the person from Parquet', async () => {
  await addEvents(lake.db, everybody(40));
  await refreshLake(lake, false, control);
  await addEvents(lake.db, [{ contact: 3, tag: 'late', at: daysAgo(20.5) }]);
  await erase(7);
  await refreshLake(lake, false, control);
  expect(await verifyLake(lake, control)).toMatchObject({ rows: 39 * 40 + 1, problems: [] });
});

test('while many are erased a refresh still ends, and the next one has none of them', async () => {
  await addEvents(lake.db, everybody(6));
  let next = 1;
  const erasing: LakeWorld = {
    ...lake,
    lakeFolder: {
      ...lake.lakeFolder,
      seal: async (name) => {
        if (next <= 30) await erase(next++);
        return lake.lakeFolder.seal(name);
      },
    },
  };
  await refreshLake(erasing, false, control);
  expect(next).toBeGreaterThan(6);
  const world = frequencyOn(lake);
  const { windows, knownAt } = await runFrequency(world, { windows: ['30d'] });
  const plain = await plainFrequency(lake.db, {
    ...windows[0]!,
    knownAtUs: String(BigInt(Date.parse(knownAt) + 1) * 1000n),
  });
  expect(await resultLines(world, windows[0]!.folder)).toEqual(plain.lines);
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('a contact that was erased and is not yet out of the lake is no problem of the lake', async () => {
  await addEvents(lake.db, everybody(3));
  await refreshLake(lake, false, control);
  await erase(5);
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('a lake whose people are all erased can be verified, and has no tags', async () => {
  // Of the files of the day one holds nobody from the beginning.
  const some = everybody(3).filter(({ contact }) => contact % 2 === 0);
  for (const tag of ['a', 'b', 'c', 'd'])
    await addEvents(
      lake.db,
      some.map((event) => ({ ...event, tag })),
    );
  await refreshLake(lake, false, control);
  expect((await files('events')).map(({ rows }) => rows)).toContain(0);
  const { rows: people } = await lake.db.query<{ id: string }>('select id from contacts');
  for (const { id } of people) await erase(Number(id));
  await refreshLake(lake, false, control);
  expect(await files('events')).not.toEqual([]);
  expect(await files('tags')).toEqual([]);
  expect(await verifyLake(lake, control)).toMatchObject({ rows: 0, problems: [] });
});

test('events of a contact that is not there do not block a refresh: what was left of the person goes', async () => {
  await addEvents(lake.db, everybody(2));
  await lake.db.query('delete from contacts where id in (8, 9)');
  await refreshLake(lake, false, control);
  await refreshLake(lake, false, control);
  const left = await lake.db.query('select from tag_events where contact_id in (8, 9)');
  expect(left.rowCount).toBe(0);
  expect(await verifyLake(lake, control)).toMatchObject({ rows: 76, problems: [] });
});

/** A refresh that has written so many files when it dies. */
async function refreshAndDie(after: number): Promise<void> {
  let written = 0;
  const seal = async (name: string) => {
    if ((written += 1) > after) throw new Error('killed');
    return lake.lakeFolder.seal(name);
  };
  await expect(refreshLake({ ...lake, lakeFolder: { ...lake.lakeFolder, seal } }, false, control)).rejects.toThrow(
    'killed',
  );
}

test('a rebuild takes nothing of a refresh that was killed', async () => {
  await addEvents(lake.db, everybody(8));
  await refreshAndDie(10);
  const drafts = await lake.db.query<{ path: string }>('select path from lake_files where added_in is null');
  expect(drafts.rowCount).toBeGreaterThan(0);
  const rebuilt = await refreshLake(lake, true, control);
  expect(rebuilt).toMatchObject({ version: '1', rows: 320, rowsWritten: 320 });
  const paths = (await files('events')).map(({ path }) => path);
  expect(drafts.rows.filter(({ path }) => paths.includes(path))).toEqual([]);
  // What the clock of the database says of marks plays no part: the next refresh has nothing to do.
  expect(await refreshLake(lake, false, control)).toMatchObject({ version: '2', filesWritten: 0 });
});

test('files that a slow refresh reads go by the cleaning up of faster ones: it begins again', async () => {
  await addEvents(lake.db, everybody(40));
  await refreshLake(lake, false, control);
  await addEvents(lake.db, [{ contact: 3, tag: 'late', at: daysAgo(20.5) }]);
  let first = true;
  const other = await openOther();
  const slow: LakeWorld = {
    ...lake,
    withDuck: (signal, work) =>
      lake.withDuck(signal, async (duck) => {
        if (first) {
          first = false;
          await refreshLake(other, true, control);
          await lake.db.query(
            `update lake_files set removed_at = now() - interval '2 hours' where removed_in is not null`,
          );
          await refreshLake(other, false, control);
        }
        return work(duck);
      }),
  };
  expect(await refreshLake(slow, false, control)).toMatchObject({ rows: 40 * 40 + 1 });
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

async function openOther(): Promise<LakeWorld> {
  const { duckSessions } = await import('../../adapters/duckdb/session.ts');
  return {
    ...lake,
    withDuck: duckSessions({ memoryMiB: 512, threads: 1, tempFolder: lake.dataFolder.at('tmp-other') }),
  };
}
