// Steps of tag frequency that are killed at any place and tried again, files that go or are damaged: the end is always the same.
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { duckSessions } from '../../adapters/duckdb/session.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { PublishRequest } from '../../contracts/tag-frequency.ts';
import { countPart } from '../../pipelines/frequency/count-part.ts';
import { publishFrequency } from '../../pipelines/frequency/publish.ts';
import { mostFrequent, readRows } from '../../pipelines/frequency/read-result.ts';
import { reportFrequency } from '../../pipelines/frequency/report-data.ts';
import { bringUpToDate, scrubErased } from '../../pipelines/frequency/scrub.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { countFrequency, frequencyOn, resultLines, runFrequency, type TestFrequency } from '../frequency-harness.ts';
import { TEST_KEY } from '../import-harness.ts';
import { addContacts, addEvents, control, openTestLake } from '../lake-world.ts';

let world: TestFrequency;
beforeEach(async () => {
  world = frequencyOn(await openTestLake());
  await addContacts(world.db, 40);
  await addEvents(
    world.db,
    Array.from({ length: 80 }, (_, n) => ({ contact: 1 + (n % 40), tag: `tag ${n % 3}`, at: daysAgo(n / 20) })),
  );
});
afterEach(() => world.lake.close());

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const given = { windows: ['7d', '30d'], formats: ['parquet', 'csv'] as ('parquet' | 'csv')[] };
const counted = async (asOf?: number) => (await countFrequency(world, given, asOf)) as PublishRequest;

/** The world of a process that is killed when it wants to change the folder of results for the `n`-th time, or has just done so. */
function killedAt(n: number, when: 'before' | 'after'): { world: TestFrequency; died: () => boolean } {
  let calls = 0;
  let dead = false;
  const resultFolder = { ...world.resultFolder };
  for (const method of ['make', 'remove', 'rename', 'alias', 'write', 'link'] as const) {
    const real = (...names: unknown[]) =>
      (world.resultFolder[method] as (...all: unknown[]) => Promise<unknown>)(...names);
    (resultFolder as Record<string, unknown>)[method] = async (...names: unknown[]) => {
      if (dead) throw new Error('killed');
      calls += 1;
      dead = calls === n;
      if (dead && when === 'before') throw new Error('killed');
      const done = await real(...names);
      if (dead) throw new Error('killed');
      return done;
    };
  }
  return { world: { ...world, resultFolder }, died: () => dead };
}

const sums = (result: { windows: { window: string; rows: number; checksum: string; folder: string }[] }) =>
  result.windows.map(({ window, rows, checksum, folder }) => ({ window, rows, checksum, folder }));

test('publishing that is killed anywhere, also after its last step, ends the same when it is tried again', async () => {
  let kills = 0;
  for (const when of ['before', 'after'] as const)
    for (let n = 1; ; n += 1) {
      const request = await counted(Date.now() - n * 1000 - (when === 'after' ? 500 : 0));
      const killed = killedAt(n, when);
      const outcome = await publishFrequency(killed.world, request, control).catch((error: Error) => error.message);
      if (!killed.died()) break;
      expect(outcome).toBe('killed');
      kills += 1;
      const result = await publishFrequency(world, request, control);
      for (const { folder, rows } of result.windows) expect(await resultLines(world, folder)).toHaveLength(rows);
      expect(sums(await publishFrequency(world, request, control))).toEqual(sums(result));
      expect((await world.resultFolder.list('.work')).map(({ name }) => name)).not.toContain(request.work);
    }
  expect(kills).toBeGreaterThan(20);
});

/** The world of a try that `other` happens beside, when it builds something or asks DuckDB for the `n`-th time; not while it holds the places. */
function besideAt(n: number, other: () => Promise<unknown>): { world: TestFrequency; happened: () => boolean } {
  let calls = 0;
  const turn = async () => void ((calls += 1) === n && (await other()));
  const resultFolder = { ...world.resultFolder };
  for (const method of ['make', 'alias', 'seal'] as const)
    (resultFolder as Record<string, unknown>)[method] = async (...names: unknown[]) => {
      await turn();
      return (world.resultFolder[method] as (...all: unknown[]) => Promise<unknown>)(...names);
    };
  const own = duckSessions({ memoryMiB: 512, threads: 1, tempFolder: world.lake.dataFolder.at('t') });
  const withDuck: TestFrequency['withDuck'] = (signal, work) =>
    own(signal, async (duck) => {
      const rows: typeof duck.rows = async (sql) => {
        await turn();
        return duck.rows(sql);
      };
      return work({ ...duck, rows });
    });
  return { world: { ...world, resultFolder, withDuck }, happened: () => calls >= n };
}

test('a try of publishing that goes on while a later one ends does not end the run', async () => {
  for (let n = 1; ; n += 1) {
    // Somebody who is counted and erased before it is published, so that the parts are read again.
    const contact = 1000 + n;
    await world.db.query(
      `insert into contacts (id, channel_id, social_id, source) overriding system value values ($1, 'line-a', $2, 'test')`,
      [contact, `U${contact}`],
    );
    await addEvents(world.db, [{ contact, tag: 'tag 1', at: daysAgo(1) }]);
    const request = await counted(Date.now() - n * 1000);
    await eraseContact(world.db, TEST_KEY, String(contact), false);
    let ended: Awaited<ReturnType<typeof publishFrequency>> | null = null;
    const raced = besideAt(n, async () => (ended = await publishFrequency(world, request, control)));
    const result = await publishFrequency(raced.world, request, control).catch((error: unknown) => {
      // What would be tried again is tried again; anything else is the end of the run.
      if (error instanceof PipelineError) throw error;
      return publishFrequency(world, request, control);
    });
    if (!raced.happened()) break;
    expect(sums(result)).toEqual(sums(ended!));
  }
});

test('parts that were swept away before anything was published are counted again', async () => {
  const request = await counted();
  await world.resultFolder.remove(`.work/${request.work}`);
  await expect(publishFrequency(world, request, control)).rejects.toMatchObject({ code: 'lake_version_gone' });
});

test('a scrub that is killed anywhere loses no result', async () => {
  let kills = 0;
  let contact = 0;
  for (const when of ['before', 'after'] as const)
    for (let n = 1; ; n += 1) {
      await world.db.query('delete from tag_frequencies');
      const { windows } = await runFrequency(world, { windows: ['30d'] });
      await eraseContact(world.db, TEST_KEY, String((contact += 1)), false);
      const killed = killedAt(n, when);
      await scrubErased(killed.world, control).catch((error: Error) => expect(error.message).toBe('killed'));
      if (!killed.died()) break;
      kills += 1;
      await scrubErased(world, control);
      const there = await world.db.query<{ id: string }>('select id from contacts');
      const { folder } = windows[0]!;
      const lines = await resultLines(world, folder);
      expect(new Set(lines.map((line) => line.split(' ')[1]!))).toEqual(new Set(there.rows.map(({ id }) => id)));
      // Neither the old one nor half of the new one lies beside it.
      const names = (await world.resultFolder.list('_all/30d')).map(({ name }) => name);
      expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
    }
  expect(kills).toBeGreaterThan(10);
});

/** What a process leaves that is killed while it replaces the result: for an instant there is none. */
function halfReplaced(folder: string): Promise<void> {
  const { dir, base } = path.parse(folder);
  return world.resultFolder.rename(folder, `${dir}/.${base}.old`);
}

describe.each([
  ['another scrub has gone through the same result', async () => scrubErased(world, control)],
  ['nobody has', async () => undefined],
])('a result that is replaced while a scrub reads it, when %s', (_, meanwhile) => {
  test('does not end the scrub, and is without whoever is erased', async () => {
    let gone = 0;
    for (let n = 1; ; n += 1) {
      await world.db.query('delete from tag_frequencies');
      const { windows } = await runFrequency(world, { windows: ['30d'] });
      await eraseContact(world.db, TEST_KEY, String(n), false);
      const raced = besideAt(n, async () => {
        await meanwhile();
        await halfReplaced(windows[0]!.folder);
        gone += 1;
      });
      await scrubErased(raced.world, control);
      if (!raced.happened()) break;
      await scrubErased(world, control);
      const ids = (await resultLines(world, windows[0]!.folder)).map((line) => line.split(' ')[1]);
      expect(ids).not.toContain(String(n));
      expect(new Set(ids).size).toBe(40 - n);
    }
    expect(gone).toBeGreaterThan(2);
  });
});

test('a result that is being replaced can be read and reported', async () => {
  const request = await counted();
  const result = await publishFrequency(world, request, control);
  const [{ folder, rows }] = result.windows as [(typeof result.windows)[0]];
  await halfReplaced(folder);
  expect(await mostFrequent(world, folder, 3, control)).toHaveLength(3);
  await halfReplaced(folder);
  let read = 0;
  await readRows(world, folder, control, (page) => void (read += page.length));
  expect(read).toBe(rows);
  await halfReplaced(folder);
  const report = await reportFrequency(world, { ...request, channel: null, result }, control);
  expect(readFileSync(report, 'utf8')).toContain('tag 1');
});

test('files of the version that is counted go by a cleaning up: a newer version is taken, the run does not end', async () => {
  const request = await counted();
  const other = {
    ...world,
    withDuck: duckSessions({ memoryMiB: 512, threads: 1, tempFolder: world.lake.dataFolder.at('t') }),
  };
  const raced: TestFrequency = {
    ...world,
    withDuck: (signal, work) =>
      world.withDuck(signal, async (duck) => {
        await refreshLake(other, true, control);
        const { rows } = await world.db.query<{ path: string }>(
          'select path from lake_files where removed_in is not null',
        );
        for (const { path } of rows) await world.lakeFolder.remove(path);
        return work(duck);
      }),
  };
  await expect(countPart(raced, { ...request, channel: null, part: 0, parts: 1 }, control)).rejects.toMatchObject({
    code: 'lake_version_gone',
  });
  // A file that is lost without anybody having cleaned up is named as that.
  const again = await counted();
  const { rows } = await world.db.query<{ path: string }>(
    `select path from lake_files where removed_in is null and kind = 'events'`,
  );
  for (const { path } of rows) await world.lakeFolder.remove(path);
  await expect(countPart(world, { ...again, channel: null, part: 0, parts: 1 }, control)).rejects.toMatchObject({
    code: 'lake_file_missing',
  });
});

for (const [damage, name] of [
  ['cut', 'frequency.parquet'],
  ['cut', 'frequency.csv'],
  ['changed', 'frequency.csv'],
] as const)
  test(`a published ${name} that was ${damage} is not served but made again`, async () => {
    const first = await runFrequency(world, given);
    const { folder } = first.windows[0]!;
    const path = world.resultFolder.at(`${folder}/${name}`);
    const whole = readFileSync(path);
    if (damage === 'cut') truncateSync(path, whole.length - 20);
    else writeFileSync(path, Buffer.from(whole.map((byte) => (byte === 0x2c ? 0x3b : byte))));
    await expect(readRows(world, folder, control, () => undefined)).rejects.toMatchObject({ code: 'result_damaged' });
    const again = await runFrequency(world, { ...given, asOf: first.asOf, knownAt: first.knownAt });
    expect(again).toMatchObject({ recognised: false });
    expect(sums(again)).toEqual(sums(first));
    // Not readFileSync's text alone: the rows must be those of before.
    expect(await resultLines(world, folder)).toHaveLength(first.windows[0]!.rows);
    if (name.endsWith('csv')) expect(readFileSync(path)).toEqual(whole);
  });

test('damage in a result of which somebody has to be taken out does not stop the refresh', async () => {
  const first = await runFrequency(world, given);
  const path = world.resultFolder.at(`${first.windows[0]!.folder}/frequency.parquet`);
  truncateSync(path, 50);
  await eraseContact(world.db, TEST_KEY, '1', false);
  await bringUpToDate(world, false, control);
  const again = await runFrequency(world, { ...given, asOf: first.asOf, knownAt: first.knownAt });
  expect(again.windows[0]!.erasedSince).toBe(1);
  expect(await resultLines(world, again.windows[0]!.folder)).toHaveLength(again.windows[0]!.rows);
});

test('of two runs that publish at once the newer as-of is current', async () => {
  const older = await counted(Date.now() - 7_200_000);
  const newer = await counted(Date.now() - 3_600_000);
  let publishing: Promise<unknown> = Promise.resolve();
  const slow: TestFrequency = {
    ...world,
    resultFolder: {
      ...world.resultFolder,
      link: async (name, target) => {
        // The newer one publishes between the look and the link, as far as it can.
        if (publishing instanceof Promise && name.includes('7d')) {
          publishing = publishFrequency(world, newer, control);
          await Promise.race([publishing, untilBlocked()]);
        }
        return world.resultFolder.link(name, target);
      },
    },
  };
  await publishFrequency(slow, older, control);
  const { windows } = (await publishing) as Awaited<ReturnType<typeof publishFrequency>>;
  expect(await world.resultFolder.linked('_all/7d/current')).toBe(windows[0]!.folder.split('/')[2]);
});

/** Resolves when somebody waits for an advisory lock. */
async function untilBlocked(): Promise<void> {
  for (;;) {
    const { rowCount } = await world.db.query(`select from pg_locks where locktype = 'advisory' and not granted`);
    if (rowCount > 0) return;
  }
}
