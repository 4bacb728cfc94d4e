// What an Arrow file of ours holds, as read by an implementation that is not the one that wrote it.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tableFromIPC } from '@uwdata/flechette';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeArrowFile } from '../../../adapters/arrow/ipc-file.ts';
import type { ColumnarFile } from '../../../ports/columnar-file.ts';
import { fileColumn } from '../../../contracts/file-columns.ts';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(path.join(tmpdir(), 'sluice-arrow-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Row {
  contactId: bigint | number | string | null;
  tag: string | null;
  times: number | null;
  firstAt: bigint | null;
  seenAt: Date | null;
}

const COLUMNS = [
  ['contactId', 'long'],
  ['tag', 'text'],
  ['times', 'integer'],
  ['firstAt', 'timeMicros'],
  ['seenAt', 'time'],
] as const satisfies ColumnarFile<Row>['columns'];

async function written(name: string, pages: Row[][]) {
  const file = path.join(folder, name);
  async function* each(): AsyncGenerator<Row[]> {
    yield* pages;
  }
  await writeArrowFile<Row>({ path: file, columns: COLUMNS, pages: each() });
  return tableFromIPC(await readFile(file), { useBigInt: true, useDate: false });
}

const MICROS = 1_709_571_661_234_567n;

test('64-bit numbers and microseconds survive, whatever they are given as; null stays null', async () => {
  const table = await written('all.arrow', [
    [
      {
        contactId: 9_223_372_036_854_775_807n,
        tag: '常客',
        times: 3,
        firstAt: MICROS,
        seenAt: new Date(1_709_571_661_234),
      },
      { contactId: '-9223372036854775808', tag: '', times: 0, firstAt: -1n, seenAt: new Date(0) },
      { contactId: null, tag: null, times: null, firstAt: null, seenAt: null },
    ],
    [],
    [{ contactId: 42, tag: '👍\u0000"', times: 2_147_483_647, firstAt: 0n, seenAt: null }],
  ]);
  expect(table.numRows).toBe(4);
  const column = (name: string): unknown[] => [...table.getChild(name)];
  expect(column('contact_id')).toEqual([9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n, null, 42n]);
  expect(column('tag')).toEqual(['常客', '', null, '👍\u0000"']);
  expect(column('times')).toEqual([3, 0, null, 2_147_483_647]);
  // The reader gives times in milliseconds; the values themselves stand in the batches.
  const batches = table.getChild('first_at').data.map((batch) => batch.values as BigInt64Array);
  expect(batches.flatMap((values) => [...values])).toEqual([MICROS, -1n, 0n, 0n]);
  expect(column('first_at').map((value) => value === null)).toEqual([false, false, true, false]);
  expect(column('seen_at').map((value) => (value === null ? null : Number(value)))).toEqual([
    1_709_571_661_234,
    0,
    null,
    null,
  ]);
});

test('the schema says 64 bits, and UTC', async () => {
  const table = await written('schema.arrow', []);
  expect(table.numRows).toBe(0);
  expect(table.schema.fields.map(({ name, nullable }) => [name, nullable])).toEqual(
    COLUMNS.map(([name]) => [fileColumn(name), true]),
  );
  const [contactId, , , firstAt, seenAt] = table.schema.fields.map(({ type }) => type);
  expect(contactId).toMatchObject({ bitWidth: 64, signed: true });
  // Units are 2 for microseconds and 1 for milliseconds in the format.
  expect(firstAt).toMatchObject({ unit: 2, timezone: 'UTC' });
  expect(seenAt).toMatchObject({ unit: 1, timezone: 'UTC' });
});

test('a number that does not fit into 64 bits is refused, not wrapped', async () => {
  const row = { contactId: 2n ** 63n, tag: 'a', times: 1, firstAt: 0n, seenAt: null };
  await expect(written('over.arrow', [[row]])).rejects.toThrow(/contactId.*64 bits/);
});

test('pages that fail leave no whole file, and the error is theirs', async () => {
  const file = path.join(folder, 'broken.arrow');
  async function* pages(): AsyncGenerator<Row[]> {
    yield [{ contactId: 1, tag: 'a', times: 1, firstAt: 0n, seenAt: null }];
    await Promise.reject(new Error('the source is gone'));
  }
  await expect(writeArrowFile<Row>({ path: file, columns: COLUMNS, pages: pages() })).rejects.toThrow('source is gone');
  expect((await readFile(file)).subarray(-6).toString()).not.toBe('ARROW1');
});

test('what was made is on the disk before the next page is asked for', async () => {
  const file = path.join(folder, 'steady.arrow');
  const page = Array.from({ length: 20_000 }, (_, row) => ({
    contactId: row,
    tag: `tag ${row}`,
    times: row,
    firstAt: BigInt(row),
    seenAt: null,
  }));
  const sizes: number[] = [];
  async function* pages(): AsyncGenerator<Row[]> {
    for (let turn = 0; turn < 4; turn += 1) {
      sizes.push((await stat(file)).size);
      yield page;
    }
  }
  await writeArrowFile<Row>({ path: file, columns: COLUMNS, pages: pages() });
  const steps = sizes.slice(1).map((size, turn) => size - sizes[turn]!);
  // 28 bytes a row without the text.
  for (const step of steps) expect(step).toBeGreaterThan(28 * page.length);
  expect(new Set(steps).size).toBe(1);
});
