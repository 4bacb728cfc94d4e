// An import over time: recognised, dry, stopped and resumed, taken over, and surprised by others between resolve and apply.
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { stepNumber, type ImportRef } from '../../contracts/import.ts';
import { applySlices } from '../../pipelines/import/apply.ts';
import { beginStep } from '../../pipelines/import/import-store.ts';
import { stopImport } from '../../pipelines/import/report.ts';
import { resolveLines } from '../../pipelines/import/resolve.ts';
import { stageLines } from '../../pipelines/import/stage.ts';
import { addSuppressions } from '../../pipelines/suppressions/suppression-store.ts';
import { contactChecksum, finishImport, lineId, importWorld, outcomesByLine, TEST_KEY } from '../import-harness.ts';

const world = importWorld();
const control = { signal: new AbortController().signal, onProgress: () => undefined };
beforeEach(async () => {
  await world.db.query(
    'truncate contacts, contact_tags, tag_events, import_lines, import_slices, suppressions, imports',
  );
});

/** `count` contacts of channel `line`, with a name that starts with `name`. */
function csv(count: number, name = '客'): string {
  const lines = Array.from({ length: count }, (_, n) => `${lineId(n)},${name}${n}`);
  return `LINE UID,姓名\n${lines.join('\n')}\n`;
}

/** Registers, stages and resolves; apply is left to the test. */
async function resolved(name: string, content: string) {
  const file = await world.file(name, content);
  const ref = await world.register({ file, channel: 'line' });
  await stageLines(ref, world.deps, world.deps.openSpool, control);
  await resolveLines(ref, world.deps, control);
  return ref;
}

test('the same content and options answer with the report of the first import; --again imports', async () => {
  const file = await world.file('a.csv', csv(5));
  const copy = await world.file('b.csv', csv(5));
  const first = await world.run({ file, channel: 'line' });
  const second = await world.run({ file: copy, channel: 'line' });
  expect(second).toEqual({ ...first, recognised: true });
  const again = await world.run({ file: copy, channel: 'line', again: true });
  expect(again).toMatchObject({ recognised: false, outcomes: { unchanged: 5 } });
  expect(again.importId).not.toBe(first.importId);
  const other = await world.run({ file: copy, channel: 'line', firstWins: true });
  expect(other).toMatchObject({ recognised: false, outcomes: { unchanged: 5 } });
});

test('a dry run changes nothing and shows old and new', async () => {
  await world.run({ file: await world.file('a.csv', csv(3)), channel: 'line' });
  const before = await contactChecksum(world.db);
  const changed = await world.file('b.csv', csv(4, '新'));
  const dry = await world.run({ file: changed, channel: 'line', dryRun: true });
  expect(dry).toMatchObject({ state: 'done', dryRun: true, outcomes: { create: 1, update: 3 } });
  const attributes = await world.file('attributes.csv', `LINE UID,等級\n${lineId(1)},金\n`);
  await world.run({ file: attributes, channel: 'line', dryRun: true, createAttributes: true });
  expect((await world.db.query('select from attribute_definitions')).rowCount).toBe(0);
  expect(await contactChecksum(world.db)).toBe(before);
  const diff = (await readFile(dry.diffFile!, 'utf8')).trim().split('\n');
  expect(diff).toHaveLength(4);
  expect(diff[1]).toMatch(/^2,\d+,display_name,客0,新0$/);
  const twice = await world.run({ file: changed, channel: 'line', dryRun: true });
  expect(twice).toMatchObject({ recognised: false, outcomes: { create: 1, update: 3 } });
  expect((await world.run({ file: changed, channel: 'line' })).outcomes).toMatchObject({ create: 1, update: 3 });
});

test('rejects keep the original columns and can be mended and imported', async () => {
  const file = await world.file('a.csv', `LINE UID,姓名,備註\n${lineId(1)},王,好\nbad,"李, 四",壞\n${lineId(2)},陳,\n`);
  const first = await world.run({ file, channel: 'line', maxInvalid: 1 });
  const rejects = await readFile(first.rejectsFile!, 'utf8');
  const [header, line] = rejects.trim().split('\n');
  expect(rejects.startsWith('\uFEFF')).toBe(true);
  expect(header).toBe('LINE UID,姓名,備註,sluice_line,sluice_outcome,sluice_reason,sluice_explanation');
  expect(line).toMatch(/^bad,"李, 四",壞,3,invalid,social_id/);
  const mended = await world.file('mended.csv', rejects.replace('bad', lineId(3)));
  const second = await world.run({ file: mended, channel: 'line', createAttributes: true });
  expect(second).toMatchObject({ state: 'done', lines: 1, outcomes: { create: 1 } });
  const { rows } = await world.db.query<{ attributes: object; display_name: string }>(
    'select attributes, display_name from contacts where social_id = $1',
    [lineId(3)],
  );
  expect(rows[0]).toEqual({ attributes: { 備註: '壞' }, display_name: '李, 四' });
});

test('a cancelled import goes on from where it was, and a taken-over run may write nothing', async () => {
  const file = await world.file('a.csv', csv(950));
  const first = await world.register({ file, channel: 'line' });
  await stageLines(first, world.deps, world.deps.openSpool, control);
  await resolveLines(first, world.deps, control);
  const stopping = new AbortController();
  const interrupted = applySlices(first, world.deps, {
    signal: stopping.signal,
    onProgress: (done) => {
      if (done >= 3) stopping.abort();
    },
  });
  await expect(interrupted).rejects.toThrow();
  await stopImport(first, 'cancelled', null, world.db);
  const { rows } = await world.db.query<{ slices: string; contacts: string }>(
    'select (select count(*) from import_slices) as slices, (select count(*) from contacts) as contacts',
  );
  const applied = Number(rows[0]!.slices);
  expect(applied).toBeGreaterThanOrEqual(3);
  expect(applied).toBeLessThan(10);
  // Another slice size in the meantime must not make slices overlap.
  world.deps.sliceLines = 33;
  const second = await world.register({ file, channel: 'line' });
  expect(second).toMatchObject({ importId: first.importId, resumed: true, attempt: 2 });
  await expect(applySlices(first, world.deps, control)).rejects.toMatchObject({ code: 'import_superseded' });
  const result = await finishImport(world.deps, second, false).finally(() => (world.deps.sliceLines = 100));
  expect(result).toMatchObject({ state: 'done', lines: 950, outcomes: { create: 950 } });
  expect((await world.db.query('select from contacts')).rowCount).toBe(950);
  const { rows: lines } = await world.db.query<{ lines: string }>(
    'select sum(created) as lines from import_slices where line_to - line_from < 100',
  );
  expect(Number(lines[0]!.lines)).toBe(950);
});

test('a try of a step that Temporal gave up may write nothing once the next one has begun', async () => {
  const file = await world.file('a.csv', csv(300));
  const { importId, attempt } = await world.register({ file, channel: 'line' });
  const tries = [1, 2].map((number) => ({ importId, attempt, step: stepNumber('staging', number) }));
  await beginStep(world.db, tries[0]!, 'staging');
  await beginStep(world.db, tries[1]!, 'staging');
  const stage = (ref: ImportRef) => stageLines(ref, world.deps, world.deps.openSpool, control);
  await expect(stage(tries[0]!)).rejects.toMatchObject({ code: 'import_superseded' });
  await expect(beginStep(world.db, tries[0]!, 'staging')).rejects.toMatchObject({ code: 'import_superseded' });
  expect(await stage(tries[1]!)).toMatchObject({ lines: 300 });
  const resolving = { importId, attempt, step: stepNumber('resolving', 1) };
  await beginStep(world.db, resolving, 'resolving');
  await expect(stage(tries[1]!)).rejects.toMatchObject({ code: 'import_superseded' });
});

test('an import that has its report is not opened again', async () => {
  const file = await world.file('a.csv', csv(3));
  const ref = await world.register({ file, channel: 'line' });
  const result = await finishImport(world.deps, ref, false);
  expect(await stopImport(ref, 'cancelled', 'too late', world.db)).toEqual(result);
  await expect(beginStep(world.db, ref, 'staging')).rejects.toMatchObject({ code: 'import_ended' });
  expect(await world.run({ file, channel: 'line' })).toEqual({ ...result, recognised: true });
});

test('a suppression that comes while slices are applied holds for the rest', async () => {
  const ref = await resolved('a.csv', csv(950));
  const scope = { channel: '*', reason: 'erased', source: 'test', defaultCountry: 'TW', psid: false };
  let first: Promise<unknown> | null = null;
  world.deps.parallel = 1;
  const suppressAll = () =>
    addSuppressions(
      world.db,
      TEST_KEY,
      scope,
      Array.from({ length: 950 }, (_, n) => lineId(n)),
    );
  const stopping = new AbortController();
  const onProgress = () => {
    first ??= suppressAll();
    stopping.abort();
  };
  await applySlices(ref, world.deps, { signal: stopping.signal, onProgress }).catch(() => undefined);
  await (first as Promise<unknown> | null);
  await applySlices(ref, world.deps, control);
  world.deps.parallel = 2;
  const outcomes = await outcomesByLine(world.db, ref.importId);
  expect(outcomes.filter((line) => line.endsWith('create'))).toHaveLength(100);
  expect(outcomes.filter((line) => line.endsWith('suppressed (erased)'))).toHaveLength(850);
});

test('an import of the same content that is running is not started twice', async () => {
  const file = await world.file('a.csv', csv(3));
  const first = await world.register({ file, channel: 'line' }, 'alive');
  const steps = world.deps.registerSteps;
  world.deps.registerSteps = (...args) => ({ ...steps(...args), isRunning: async (_workflow, run) => run === 'alive' });
  try {
    await expect(world.register({ file, channel: 'line' }, 'other')).rejects.toMatchObject({ code: 'import_running' });
  } finally {
    world.deps.registerSteps = steps;
  }
  // The same run asking again, as a retried activity does, gets the same import.
  expect(await world.register({ file, channel: 'line' }, 'alive')).toMatchObject({
    importId: first.importId,
    attempt: 1,
  });
});

test('contacts that appear between resolve and apply are changed, not doubled', async () => {
  const late = await resolved('late.csv', csv(3, '晚'));
  await world.run({ file: await world.file('early.csv', csv(2, '早')), channel: 'line' });
  await applySlices(late, world.deps, control);
  const outcomes = await outcomesByLine(world.db, late.importId);
  expect(outcomes).toEqual(['2 update', '3 update', '4 create']);
  const { rows } = await world.db.query<{ name: string }>('select display_name as name from contacts order by 1');
  expect(rows.map((row) => row.name)).toEqual(['晚0', '晚1', '晚2']);
});

test('contacts that were deleted, equal or suppressed meanwhile get the outcome that is true', async () => {
  await world.run({ file: await world.file('a.csv', csv(3, '舊')), channel: 'line' });
  const ref = await resolved('b.csv', csv(4, '新'));
  await world.db.query('delete from contacts where social_id = $1', [lineId(0)]);
  await world.db.query(`update contacts set display_name = '新1' where social_id = $1`, [lineId(1)]);
  const scope = { channel: '*', reason: 'erased', source: 'test', defaultCountry: 'TW', psid: false };
  await addSuppressions(world.db, TEST_KEY, scope, [lineId(2), lineId(3)]);
  await applySlices(ref, world.deps, control);
  expect(await outcomesByLine(world.db, ref.importId)).toEqual([
    '2 invalid (contact_deleted)',
    '3 unchanged',
    '4 suppressed (erased)',
    '5 suppressed (erased)',
  ]);
});

test('an unknown channel, and input that is wrong in several ways, are said at once', async () => {
  const file = await world.file('a.csv', csv(1));
  await expect(world.register({ file, channel: 'nope' })).rejects.toMatchObject({ code: 'channel_unknown' });
  await expect(
    world.register({ file: 'relative.csv', channel: 'line', tags: 'sum' as never, colour: 1 } as never),
  ).rejects.toThrow(/"colour" is not a field.*"file" must be the absolute path.*"tags" must be one of/s);
});

test('a header alone is an import of no lines; without a header there is no import', async () => {
  const header = await world.run({ file: await world.file('header.csv', 'LINE UID,姓名\n\n'), channel: 'line' });
  expect(header).toMatchObject({ state: 'done', lines: 0, rejectsFile: null, skipped: { blank: 1, header: 1 } });
  const files = [
    ['file_empty', ''],
    ['file_empty', '\uFEFF'],
    ['file_blank', ' \n,,\n'],
  ] as const;
  for (const [code, content] of files)
    await expect(world.run({ file: await world.file('empty.csv', content), channel: 'line' })).rejects.toMatchObject({
      code,
    });
  expect((await world.db.query('select from imports')).rowCount).toBe(1);
});

test('a header in several rows: its rejects are read again as the file was', async () => {
  const head = `聯絡資料,,會員,\n姓名,電話,LINE UID,等級\n`;
  const people = Array.from({ length: 10 }, (_, n) => `客${n},09123456${n}0,${lineId(n)},金\n`).join('');
  const text = `${head}${people}壞,123,${lineId(11)},銀\n`;
  const first = await world.run({
    file: await world.file('groups.csv', text),
    channel: 'line',
    map: { ignored: '等級' },
    maxInvalid: 0.5,
  });
  expect(first).toMatchObject({
    state: 'done',
    lines: 11,
    skipped: { header: 2 },
    outcomes: { create: 10, invalid: 1 },
  });
  const rejects = await readFile(first.rejectsFile!, 'utf8');
  const mended = await world.file('mended.csv', rejects.replace(',123,', ',0912345678,'));
  const second = await world.run({ file: mended, channel: 'line', map: { ignored: '會員 等級' } });
  expect(second).toMatchObject({ lines: 1, skipped: { header: 2 }, outcomes: { create: 1 } });
  const { rows } = await world.db.query('select phone, display_name from contacts where social_id = $1', [lineId(11)]);
  expect(rows).toEqual([{ phone: '+886912345678', display_name: '壞' }]);
});
