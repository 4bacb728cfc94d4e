// Tag frequency by the steps of its workflow: formats, gates, edges, the same answer again, erasure in what was published.
import { readFileSync } from 'node:fs';
import { tableFromIPC } from 'apache-arrow';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import type { FrequencyResult } from '../../contracts/tag-frequency.ts';
import { instantUs } from '../../pipelines/frequency/windows.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { frequencyOn, plainFrequency, resultLines, runFrequency, type TestFrequency } from '../frequency-harness.ts';
import { TEST_KEY } from '../import-harness.ts';
import { addContacts, addEvents, control, openTestLake, retract } from '../lake-world.ts';

const DAY_MS = 86_400_000;
let world: TestFrequency;
beforeEach(async () => {
  world = frequencyOn(await openTestLake());
  await addContacts(world.db, 30, ['line-a', 'line-b']);
});
afterEach(() => world.lake.close());

const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const history = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ contact: 1 + (n % 60), tag: `tag ${n % 7} 🎉, "x"`, at: daysAgo(n / 6) }));

async function expectPlain(result: FrequencyResult): Promise<void> {
  for (const { folder, checksum, from, to } of result.windows) {
    const span = { from, to, knownAtUs: String(instantUs(result.knownAt)), channel: result.channel };
    const plain = await plainFrequency(world.db, span);
    expect(await resultLines(world, folder)).toEqual(plain.lines);
    expect(checksum).toBe(plain.checksum);
  }
}

test('every format holds the same rows; asked again the answer is recognised', async () => {
  await addEvents(world.db, history(600));
  const formats: ('parquet' | 'csv' | 'json' | 'arrow')[] = ['parquet', 'csv', 'json', 'arrow'];
  const result = await runFrequency(world, { formats, report: true });
  await expectPlain(result);
  const { folder, rows } = result.windows[1]!;
  const at = (name: string) => world.resultFolder.at(`${folder}/${name}`);
  const json = JSON.parse(readFileSync(at('frequency.json'), 'utf8')) as Record<string, unknown>[];
  const arrow = tableFromIPC(readFileSync(at('frequency.arrow')));
  const csv = readFileSync(at('frequency.csv'), 'utf8').trimEnd().split('\n');
  expect([json.length, arrow.numRows, csv.length - 1]).toEqual([rows, rows, rows]);
  const first = arrow.get(0)!.toJSON() as Record<string, unknown>;
  expect(json[0]).toMatchObject({ social_id: first['social_id'], tag: first['tag'], times: Number(first['times']) });
  expect(readFileSync(result.report!, 'utf8')).toContain('<svg');
  const again = await runFrequency(world, { formats, asOf: result.asOf, knownAt: result.knownAt });
  expect(again).toMatchObject({ recognised: true, windows: result.windows });
  const other = await runFrequency(world, {
    asOf: result.asOf,
    knownAt: result.knownAt,
    channel: 'line-b',
    fanOut: 4,
  });
  expect(other.recognised).toBe(false);
  await expectPlain(other);
});

test('yesterday’s answer can be had again, whatever became known since, from the lake as it was or written anew', async () => {
  const ids = await addEvents(world.db, history(400));
  const given = { windows: ['7d', '30d', '2020-01-01..2099-01-01'], asOf: daysAgo(0.5) };
  const first = await runFrequency(world, given);
  await addEvents(world.db, [
    { contact: 3, tag: 'late', at: daysAgo(3) },
    { contact: 4, tag: 'tag 1 🎉, "x"', at: daysAgo(2), kind: 'removed' },
    { contact: 5, tag: 'tag 2 🎉, "x"', at: daysAgo(2), kind: 'expired' },
  ]);
  await retract(world.db, ids.slice(10, 60));
  const now = await runFrequency(world, given);
  expect(now.windows.map(({ checksum }) => checksum)).not.toEqual(first.windows.map(({ checksum }) => checksum));
  await expectPlain(now);
  const sums = (result: FrequencyResult) => result.windows.map(({ rows, checksum }) => ({ rows, checksum }));
  const forget = () => world.db.query('delete from tag_frequencies');
  await forget();
  const incremental = await runFrequency(world, { ...given, knownAt: first.knownAt });
  expect(incremental.recognised).toBe(false);
  expect(sums(incremental)).toEqual(sums(first));
  await forget();
  await refreshLake(world, true, control);
  expect(sums(await runFrequency(world, { ...given, knownAt: first.knownAt, fanOut: 8 }))).toEqual(sums(first));
  expect((await verifyLake(world, control)).problems).toEqual([]);
});

test('an event on the edge: from is in, to is out', async () => {
  const edge = Date.parse('2026-03-01T00:00:00+08:00');
  await addEvents(
    world.db,
    [-1, 0, DAY_MS - 1, DAY_MS].map((after, n) => ({
      contact: 1,
      tag: `t${n}`,
      at: new Date(edge + after).toISOString(),
    })),
  );
  const { windows } = await runFrequency(world, {
    windows: ['1d', 'day', '2026-03-01..2026-03-02'],
    asOf: new Date(edge + DAY_MS).toISOString(),
  });
  for (const { folder } of windows)
    expect((await resultLines(world, folder)).map((line) => line.split(' ')[3])).toEqual(['t1', 't2']);
});

test('more tags than are written by number, and not a tag less', async () => {
  await addEvents(
    world.db,
    Array.from({ length: 20_001 }, (_, n) => ({ contact: 1 + (n % 60), tag: `tag ${n}`, at: daysAgo(n / 3_000) })),
  );
  const result = await runFrequency(world, {});
  await expectPlain(result);
  expect(result.windows.at(-1)!.rows).toBe(20_001);
});

test('no events at all: an empty answer with a checksum of nothing', async () => {
  const result = await runFrequency(world, { report: true, formats: ['parquet', 'arrow', 'csv', 'json'] });
  expect(result.windows.map(({ rows, checksum }) => ({ rows, checksum }))).toEqual(
    Array(3).fill({ rows: 0, checksum: '0' }),
  );
});

test('gates keep the last published result', async () => {
  const ids = await addEvents(world.db, history(300));
  const first = await runFrequency(world, { windows: ['30d'], asOf: daysAgo(1) });
  await retract(world.db, ids.slice(0, 250));
  await expect(runFrequency(world, { windows: ['30d'], maxFall: 0.2 })).rejects.toMatchObject({
    code: 'gate_failed',
    message: expect.stringMatching(/fewer than the \d+ as of .* allowed are 20 % \(max_fall\)/) as string,
  });
  await expect(runFrequency(world, { windows: ['30d'], maxAgeHours: 2 })).rejects.toMatchObject({
    code: 'gate_failed',
  });
  const { rows } = await world.db.query<{ gate: string }>('select gate from tag_frequency_refusals order by id');
  expect(rows.map(({ gate }) => gate)).toEqual(['max_fall', 'max_age']);
  const { rows: published } = await world.db.query('select from tag_frequencies');
  expect(published).toHaveLength(1);
  expect(await world.resultFolder.linked('_all/30d/current')).toBe(first.windows[0]!.folder.split('/')[2]);
  expect((await world.resultFolder.list('.work')).map(({ name }) => name)).toEqual([]);
});

test('who is erased leaves what was published, and the answers say so', async () => {
  await addEvents(world.db, history(300));
  const first = await runFrequency(world, { windows: ['30d'], formats: ['parquet', 'csv'] });
  const { folder } = first.windows[0]!;
  const address = (await resultLines(world, folder))[0]!.split(' ')[2]!;
  const id = (await resultLines(world, folder))[0]!.split(' ')[1]!;
  await eraseContact(world.db, TEST_KEY, id, false);
  // Any run refreshes the lake, and with it what was published.
  await runFrequency(world, { windows: ['7d'] });
  expect((await resultLines(world, folder)).join('\n')).not.toContain(address);
  expect(readFileSync(world.resultFolder.at(`${folder}/frequency.csv`), 'utf8')).not.toContain(address);
  const again = await runFrequency(world, {
    windows: ['30d'],
    formats: ['parquet', 'csv'],
    asOf: first.asOf,
    knownAt: first.knownAt,
  });
  expect(again).toMatchObject({ recognised: true, windows: [{ erasedSince: 1, folder }] });
  await expectPlain(again);
  await world.db.query('delete from tag_frequencies');
  const anew = await runFrequency(world, { windows: ['30d'], asOf: first.asOf, knownAt: first.knownAt });
  expect(anew.windows[0]).toMatchObject({ erasedSince: 1, checksum: again.windows[0]!.checksum });
});

test('bad questions are answered with what to ask instead', async () => {
  await expect(runFrequency(world, { channel: 'line-z' })).rejects.toMatchObject({ code: 'channel_unknown' });
  await expect(runFrequency(world, { asOf: '2099-01-01T00:00:00Z' })).rejects.toThrow(/as-of .* lies in the future/);
  await expect(runFrequency(world, { knownAt: '2099-01-01T00:00:00Z' })).rejects.toThrow(/known-at .* in the future/);
  await expect(runFrequency(world, { windows: ['2026-02-01..2026-01-01'] })).rejects.toThrow(/ends before it begins/);
});

test('memory that is too small is said to be so, and a full disk is waited for', async () => {
  await world.lake.close();
  world = frequencyOn(await openTestLake({ duck: { memoryMiB: 1 } }));
  await addContacts(world.db, 30, ['line-a', 'line-b']);
  await addEvents(world.db, history(100));
  await expect(runFrequency(world, {})).rejects.toMatchObject({
    code: 'duckdb_memory',
    hint: expect.stringContaining('SLUICE_DUCKDB_MEMORY_MIB') as string,
  });
  await expect(
    world.withDuck(control.signal, (duck) =>
      duck.run(`copy (select i from range(1000000) t(i)) to '/dev/full' (format csv)`),
    ),
  ).rejects.toMatchObject({ code: 'disk_full', retry: { afterMs: 30_000 } });
});
