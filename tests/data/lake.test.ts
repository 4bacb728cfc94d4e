// The lake against the log it is derived from: full and incremental, late and retracted events, erasure, kills, cleaning up.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { duckSessions } from '../../adapters/duckdb/session.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { headVersion, versionFiles, type LakeFile } from '../../pipelines/lake/manifest.ts';
import type { LakeWorld } from '../../pipelines/lake/ports.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { TEST_KEY } from '../import-harness.ts';
import { addContacts, addEvents, control, openTestLake, retract, type TestLake } from '../lake-world.ts';

let lake: TestLake;
beforeEach(async () => {
  lake = await openTestLake();
  await addContacts(lake.db, 50);
});
afterEach(() => lake.close());

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const history = (days: number) =>
  Array.from({ length: days * 4 }, (_, n) => ({ contact: 1 + (n % 50), tag: `tag ${n % 7}`, at: daysAgo(n / 4) }));

async function files(kind: LakeFile['kind'] = 'events') {
  const head = await headVersion(lake.db);
  return (await versionFiles(lake.db, head!.version)).filter((file) => file.kind === kind);
}

/** A refresh that has written five files when it dies. */
async function refreshAndDie(): Promise<void> {
  let written = 0;
  const dying: LakeWorld = {
    ...lake,
    lakeFolder: {
      ...lake.lakeFolder,
      seal: async (name) => {
        if ((written += 1) > 5) throw new Error('killed');
        return lake.lakeFolder.seal(name);
      },
    },
  };
  await expect(refreshLake(dying, false, control)).rejects.toThrow('killed');
}

test('an empty log makes an empty lake', async () => {
  expect(await refreshLake(lake, false, control)).toMatchObject({ version: '1', rows: 0, files: 0 });
  expect(await verifyLake(lake, control)).toEqual({ version: '1', files: 0, rows: 0, problems: [] });
});

test('days lie apart, thirds of months over 7 and months over 60 days old together; only what changed is written again', async () => {
  await addEvents(lake.db, history(150));
  const first = await refreshLake(lake, false, control);
  expect(first).toMatchObject({ version: '1', rows: 600 });
  const units = await files();
  expect(units.some(({ from, to }) => from!.endsWith('-01') && to!.endsWith('-01') && to! > from!)).toBe(true);
  expect(new Set(units.map(({ from }) => from)).size).toBeLessThan(40);
  const [late] = await addEvents(lake.db, [{ contact: 3, tag: 'late', at: daysAgo(20) }]);
  expect(await refreshLake(lake, false, control)).toMatchObject({ version: '2', rows: 601, daysChanged: 1 });
  await retract(lake.db, [late!]);
  const third = await refreshLake(lake, false, control);
  expect(third).toMatchObject({ version: '3', rows: 601, daysChanged: 1, filesWritten: 1 });
  const changed = (await files()).filter(({ id }) => !units.some((unit) => unit.id === id));
  expect(changed).toHaveLength(1);
  expect(await refreshLake(lake, false, control)).toMatchObject({ version: '4', daysChanged: 0, filesWritten: 0 });
  expect(await verifyLake(lake, control)).toMatchObject({ version: '4', problems: [] });
});

test('written anew it is the same', async () => {
  await addEvents(lake.db, history(90));
  await refreshLake(lake, false, control);
  await addEvents(lake.db, [{ contact: 4, tag: 'late', at: daysAgo(80) }]);
  await refreshLake(lake, false, control);
  expect(await verifyLake(lake, control)).toMatchObject({ rows: 361, problems: [] });
  const rebuilt = await refreshLake(lake, true, control);
  expect(rebuilt).toMatchObject({ version: '3', rows: 361, rowsWritten: 361 });
  expect(await verifyLake(lake, control)).toMatchObject({ version: '3', rows: 361, problems: [] });
});

test('who is erased leaves events and addresses', async () => {
  await addEvents(lake.db, history(10));
  await refreshLake(lake, false, control);
  const before = await files('contacts');
  const { rows } = await lake.db.query<{ social_id: string }>('select social_id from contacts where id = 7');
  await eraseContact(lake.db, TEST_KEY, '7', false);
  const erased = await refreshLake(lake, false, control);
  expect(erased.rows).toBeLessThan(40);
  expect((await files('contacts')).some(({ id }) => before.some((file) => file.id === id))).toBe(false);
  await lake.withDuck(control.signal, async (duck) => {
    const paths = (await files('contacts')).map(({ path }) => `'${lake.lakeFolder.at(path)}'`).join(', ');
    const found = await duck.rows(
      `select 1 from read_parquet([${paths}]) where social_id = '${rows[0]!.social_id}' or contact_id = 7`,
    );
    expect(found).toEqual([]);
  });
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('damage is found and named, and a rebuild mends it', async () => {
  await addEvents(lake.db, history(3));
  await refreshLake(lake, false, control);
  const [first, second] = await files();
  await lake.lakeFolder.remove(first!.path);
  await lake.lakeFolder.write(second!.path, 'not Parquet');
  expect((await verifyLake(lake, control)).problems).toEqual([
    `${first!.path}: is missing`,
    `${second!.path}: is not what was written`,
  ]);
  await refreshLake(lake, true, control);
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('a refresh that dies is gone on with, and what it had written is used', async () => {
  await addEvents(lake.db, history(12));
  await refreshAndDie();
  expect(await headVersion(lake.db)).toBeNull();
  await addEvents(lake.db, [{ contact: 1, tag: 'came between', at: daysAgo(2) }]);
  const drafts = await lake.db.query<{ path: string }>('select path from lake_files where added_in is null');
  expect(drafts.rowCount).toBe(5);
  const refreshed = await refreshLake(lake, false, control);
  // As of the watermark of the first try, then what came since.
  expect(refreshed).toMatchObject({ version: '2', rows: 49, daysChanged: 1 });
  const used = (await files()).filter(({ path }) => drafts.rows.some((draft) => draft.path === path));
  expect(used.length).toBeGreaterThanOrEqual(4);
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('somebody is erased while a refresh lies dead: nothing of it is used', async () => {
  await addEvents(lake.db, history(12));
  await refreshAndDie();
  await eraseContact(lake.db, TEST_KEY, '2', false);
  await refreshLake(lake, false, control);
  expect(await verifyLake(lake, control)).toMatchObject({ version: '1', problems: [] });
});

test('two refreshes at once end in one line of versions', async () => {
  await addEvents(lake.db, history(6));
  const both = await Promise.all([refreshLake(lake, false, control), refreshLake(lake, false, control)]);
  expect(both.map(({ rows }) => rows)).toEqual([24, 24]);
  expect(new Set(both.map(({ version }) => version)).size).toBe(2);
  expect(await verifyLake(lake, control)).toMatchObject({ version: '2', problems: [] });
});

test('old files stay for the grace time, and then go', async () => {
  await addEvents(lake.db, history(3));
  await refreshLake(lake, false, control);
  const old = await files();
  await refreshLake(lake, true, control);
  expect(await lake.lakeFolder.fingerprint(old[0]!.path)).not.toBeNull();
  await refreshLake({ ...lake, graceSeconds: 0 }, false, control);
  for (const { path } of old) expect(await lake.lakeFolder.fingerprint(path)).toBeNull();
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});

test('a day of many events is divided by contact, one of few is not', async () => {
  await addEvents(lake.db, history(3));
  await lake.db.query(
    `insert into tag_events (channel_id, contact_id, kind, tag, occurred_at, source, event_key)
     select 'line-a', 1 + n % 50, 'applied', 't' || n % 20, date_trunc('hour', now()) - n * interval '1 ms', 'manual', gen_random_uuid()
     from generate_series(1, 60000) n`,
  );
  await refreshLake(lake, false, control);
  const units = await files();
  const divided = units.filter(({ buckets }) => buckets === 4);
  expect(new Set(divided.map(({ bucket }) => bucket)).size).toBe(4);
  expect(units.some(({ buckets }) => buckets === 1)).toBe(true);
  expect(units.reduce((sum, file) => sum + file.rows, 0)).toBe(60_012);
  expect(await verifyLake(lake, control)).toMatchObject({ rows: 60_012, problems: [] });
});

/** `lake`'s twin in another process: a pool and a DuckDB of its own. */
const otherWorker = (): LakeWorld => ({
  ...lake,
  withDuck: duckSessions({ memoryMiB: 512, threads: 1, tempFolder: lake.dataFolder.at('tmp-other') }),
});

/** A worker that does `then` in the middle of its refresh, once: before it gives numbers to tags, or when it has. */
function interrupted(before: 'numbering' | 'writing', then: () => Promise<unknown>): LakeWorld {
  let first = true;
  const once = async () => {
    if (!first) return;
    first = false;
    await then();
  };
  const remove = async (name: string) => {
    if (before === 'numbering') await once();
    await lake.lakeFolder.remove(name);
  };
  const seal = async (name: string) => {
    if (before === 'writing') await once();
    return lake.lakeFolder.seal(name);
  };
  return { ...lake, lakeFolder: { ...lake.lakeFolder, remove, seal } };
}

for (const moment of ['numbering', 'writing'] as const)
  test(`a tag that is erased while another refresh is ${moment} does not come back`, async () => {
    await addEvents(lake.db, history(5));
    await refreshLake(lake, false, control);
    await addEvents(lake.db, [
      { contact: 5, tag: 'hers alone', at: daysAgo(1) },
      { contact: 6, tag: 'new', at: daysAgo(1) },
    ]);
    const slow = interrupted(moment, async () => {
      await eraseContact(lake.db, TEST_KEY, '5', false);
      await refreshLake(otherWorker(), false, control);
    });
    expect(await refreshLake(slow, false, control)).toMatchObject({ version: '3' });
    const { rows } = await lake.db.query<{ tag: string }>('select tag from lake_tags order by tag');
    expect(rows.map(({ tag }) => tag)).toEqual(['new', ...Array.from({ length: 7 }, (_, n) => `tag ${n}`)]);
    expect(await verifyLake(lake, control)).toMatchObject({ version: '3', problems: [] });
  });

test('sixteen files of tags become one', async () => {
  const counts: number[] = [];
  for (let n = 1; n <= 18; n += 1) {
    await addEvents(lake.db, [{ contact: 1, tag: `tag ${n}`, at: daysAgo(1) }]);
    await refreshLake(lake, false, control);
    counts.push((await files('tags')).length);
  }
  expect(counts).toEqual([...Array.from({ length: 16 }, (_, n) => n + 1), 1, 2]);
  expect(await verifyLake(lake, control)).toMatchObject({ rows: 18, problems: [] });
});

test('tags lie beside the events by number: new ones in a file of their own, and those that nobody has any longer go', async () => {
  const names = async (): Promise<string[]> => {
    const paths = (await files('tags')).map(({ path }) => `'${lake.lakeFolder.at(path)}'`).join(', ');
    return lake.withDuck(control.signal, async (duck) => {
      const rows = await duck.rows<{ tag: string }>(`select tag from read_parquet([${paths}]) order by tag_number`);
      return rows.map(({ tag }) => tag);
    });
  };
  const numbers = async () => {
    const { rows } = await lake.db.query<{ number: number; tag: string }>('select number, tag from lake_tags');
    return new Map(rows.map(({ number, tag }) => [tag, number]));
  };
  const odd = [
    'a,b',
    'q"q',
    'end"',
    ' lead',
    'trail ',
    'return\r',
    '長'.repeat(666),
    'line\nbreak',
    'tab\t',
    'back\\slash',
    '\\N',
    '\\.',
    'NULL',
    '🎉',
  ];
  await addEvents(
    lake.db,
    odd.map((tag) => ({ contact: 1, tag, at: daysAgo(1) })),
  );
  await refreshLake(lake, false, control);
  expect((await names()).sort()).toEqual([...odd].sort());
  await addEvents(lake.db, [
    { contact: 2, tag: 'only hers', at: daysAgo(2) },
    { contact: 3, tag: 'a,b', at: daysAgo(2) },
  ]);
  expect(await refreshLake(lake, false, control)).toMatchObject({ filesWritten: 3 });
  expect(await files('tags')).toHaveLength(2);
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
  const before = await numbers();
  await eraseContact(lake.db, TEST_KEY, '2', false);
  await refreshLake(lake, false, control);
  expect(await files('tags')).toHaveLength(1);
  expect((await names()).sort()).toEqual([...odd].sort());
  expect((await numbers()).has('only hers')).toBe(false);
  // The number is not given again: a file of another version may still have it.
  await addEvents(lake.db, [{ contact: 4, tag: 'only hers', at: daysAgo(1) }]);
  await refreshLake(lake, true, control);
  expect((await numbers()).get('only hers')).toBeGreaterThan(Math.max(...before.values()));
  expect((await numbers()).get('a,b')).toBe(before.get('a,b'));
  expect(await verifyLake(lake, control)).toMatchObject({ problems: [] });
});
