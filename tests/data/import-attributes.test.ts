// Custom attributes: when a definition comes into being, and what one file's definition means to the next file.
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { describeReason } from '../../pipelines/values/reasons.ts';
import { applySlices } from '../../pipelines/import/apply.ts';
import { importReadings } from '../../pipelines/import/column-readings.ts';
import { reportImport, stopImport } from '../../pipelines/import/report.ts';
import { resolveLines } from '../../pipelines/import/resolve.ts';
import { stageLines } from '../../pipelines/import/stage.ts';
import { finishImport, importWorld, lineId } from '../import-harness.ts';

const world = importWorld();
beforeEach(() => world.db.query('truncate contacts, contact_tags, tag_events, import_lines, attribute_definitions'));

let files = 0;
/** Imports tab-separated lines, the first of them the header, into channel `line`. */
async function importLines(lines: string[], options: Record<string, unknown> = {}) {
  const file = await world.file(`file-${++files}.tsv`, `${lines.join('\n')}\n`);
  return world.run({ file, channel: 'line', ...options });
}

async function definitions() {
  const { rows } = await world.db.query<{ name: string; type: string }>(
    'select name, type from attribute_definitions order by name',
  );
  return rows.map(({ name, type }) => `${name} ${type}`);
}

async function attributesOf(seed: number) {
  const { rows } = await world.db.query<{ attributes: object }>(
    'select attributes from contacts where social_id = $1',
    [lineId(seed)],
  );
  return rows[0]?.attributes;
}

const quiet = { signal: new AbortController().signal, onProgress: () => undefined };

test('a dry run defines nothing, and the import after it does what it said', async () => {
  const lines = ['LINE UID\t消費\t生日', `${lineId(1)}\t5.064,75\t15.08.1977`, `${lineId(2)}\t12\t01.02.1980`];
  const dry = await importLines(lines, { dryRun: true, createAttributes: true });
  expect(await definitions()).toEqual([]);
  const readings = async (id: string) =>
    (await importReadings(world.db, id)).map(({ field, confidence, why }) => `${field} ${confidence} ${why}`);
  expect(await readings(dry.importId)).toEqual([
    'social_id 1 word',
    'attribute:消費 1 new attribute',
    'attribute:生日 1 new attribute',
  ]);
  const real = await importLines(lines, { createAttributes: true });
  expect(await readings(real.importId)).toEqual(await readings(dry.importId));
  expect(real.outcomes).toEqual(dry.outcomes);
  expect(await definitions()).toEqual(['消費 number', '生日 date']);
  expect(await attributesOf(1)).toEqual({ 消費: 5064.75, 生日: '1977-08-15' });
  expect(await attributesOf(2)).toEqual({ 消費: 12, 生日: '1980-02-01' });
});

test('a rejected import defines nothing, nor one that stops before its first slice or has nothing to apply', async () => {
  const rejected = await importLines(['LINE UID\t等級', 'x\t金'], { createAttributes: true });
  expect(rejected.state).toBe('rejected');
  const file = await world.file('stopped.tsv', `LINE UID\t等級\n${lineId(1)}\t金\n`);
  const ref = await world.register({ file, channel: 'line', createAttributes: true });
  await stageLines(ref, world.deps, world.deps.openSpool, quiet);
  await resolveLines(ref, world.deps, quiet);
  const stopping = AbortSignal.abort(new Error('stopped'));
  await expect(applySlices(ref, world.deps, { ...quiet, signal: stopping })).rejects.toThrow('stopped');
  await stopImport(ref, 'failed', 'stopped', world.db);
  expect(await definitions()).toEqual([]);
  await applySlices(ref, world.deps, quiet);
  await reportImport(ref, 'done', world.deps);
  expect(await definitions()).toEqual(['等級 text']);
  await importLines(['LINE UID\t地區', `${lineId(1)}\t`], { createAttributes: true });
  expect(await definitions()).toEqual(['等級 text']);
});

test('a definition of one file does not make another file fail', async () => {
  await importLines(['LINE UID\t會員等級', `${lineId(1)}\t3`], { createAttributes: true });
  const second = ['LINE UID\t姓名\t會員等級', ...[2, 3, 4].map((n) => `${lineId(n)}\tName ${n}\t金卡`)];
  const result = await importLines(second);
  expect(result).toMatchObject({ state: 'done', outcomes: { create: 3, invalid: 0 } });
  expect(result.warnings).toEqual([
    expect.stringMatching(
      /^Of the 3 cells of the column “會員等級”.*3 are no number.*\(3 text\).*--map ignored=會員等級/,
    ),
  ]);
  expect(await attributesOf(2)).toEqual({});
  expect(JSON.stringify(result)).not.toContain('金卡');
});

test('single cells that do not fit cost their lines, and the reason says how to leave the column out', async () => {
  await importLines(['LINE UID\tpoints', `${lineId(1)}\t3`], { createAttributes: true });
  const lines = ['LINE UID\tpoints', ...[2, 3, 4].map((n) => `${lineId(n)}\t${n}`), `${lineId(5)}\tmany`];
  const result = await importLines(lines, { maxInvalid: 1 });
  expect(result.outcomes).toMatchObject({ create: 3, invalid: 1 });
  expect(result.reasons[0]!.text).toMatch(/^Column “points”: A number attribute .*--map ignored=points leaves it out/);
  expect(await readFile(result.rejectsFile!, 'utf8')).toContain('--map ignored=points');
  const rejected = await importLines(lines, { again: true });
  expect(rejected.state).toBe('rejected');
  expect(rejected.message).toMatch(/“points”.*--map ignored=points/);
});

test('two imports side by side that define one attribute differently: the later one stops, and is read anew when it starts again', async () => {
  const numbers = await world.file('numbers.tsv', `LINE UID\tpoints\n${lineId(3)}\t3\n${lineId(4)}\t4\n`);
  const open = await world.register({ file: numbers, channel: 'line', createAttributes: true });
  await stageLines(open, world.deps, world.deps.openSpool, quiet);
  await resolveLines(open, world.deps, quiet);
  await importLines(['LINE UID\tpoints', `${lineId(1)}\t金`], { createAttributes: true });
  await expect(applySlices(open, world.deps, quiet)).rejects.toMatchObject({
    code: 'attribute_defined_meanwhile',
    message: 'The attribute “points” was defined as text while this import ran, which reads it as number.',
  });
  await stopImport(open, 'failed', 'stopped', world.db);
  expect(await attributesOf(3)).toBeUndefined();
  const again = await world.register({ file: numbers, channel: 'line', createAttributes: true });
  expect(again).toMatchObject({ resumed: false, recognised: null });
  expect(again.importId).not.toBe(open.importId);
  const done = await finishImport(world.deps, again, false);
  expect(done.state).toBe('done');
  expect(await definitions()).toEqual(['points text']);
  expect(await attributesOf(3)).toEqual({ points: '3' });
});

test('a reason of an attribute names the column by its number where its name is not its own', () => {
  const columns = [1, 2].map((n) => ({ kind: 'attribute' as const, name: `n${n}`, type: 'number' as const }));
  const text = describeReason('attribute_number_invalid#2', { headers: ['sum', 'sum'], columns });
  expect(text).toContain('--map ignored=#2');
});
