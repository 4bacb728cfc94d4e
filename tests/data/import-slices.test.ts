// What one transaction of applying may write: bounded by rows, whatever the file holds, the setting and what came before.
import { beforeEach, expect, test } from 'vitest';
import type { Database } from '../../ports/database.ts';
import type { ImportInput } from '../../contracts/import.ts';
import { applySlices } from '../../pipelines/import/apply.ts';
import { resolveLines } from '../../pipelines/import/resolve.ts';
import { stageLines } from '../../pipelines/import/stage.ts';
import { crashingDatabase } from '../crashing-database.ts';
import { contactChecksum, finishImport, lineId, importWorld } from '../import-harness.ts';

const world = importWorld();
const control = { signal: new AbortController().signal, onProgress: () => undefined };
beforeEach(async () => {
  world.deps.sliceLines = 100;
  world.deps.parallel = 2;
  await world.db.query(
    'truncate contacts, contact_tags, contact_tag_removals, tag_events, import_lines, import_slices, import_before_images, imports',
  );
});

/** A file of so many lines with so many tags each; `named` begins their names. */
function tagged(lines: number, tags: number, named = '標籤'): string {
  const list = Array.from({ length: tags }, (_, n) => `${named}${n}`).join(';');
  return `LINE UID,標籤\n${Array.from({ length: lines }, (_, n) => `${lineId(n)},${list}`).join('\n')}\n`;
}

/** Registers, stages and resolves; apply is left to the test. */
async function resolved(content: string, options: Partial<ImportInput> = {}) {
  const file = await world.file('tagged.csv', content);
  const ref = await world.register({ file, channel: 'line', tagSeparator: ';', again: true, ...options });
  await stageLines(ref, world.deps, world.deps.openSpool, control);
  await resolveLines(ref, world.deps, control);
  return ref;
}

/** The most rows that one transaction put into the log. */
async function mostEvents(): Promise<number> {
  const { rows } = await world.db.query<{ most: string }>(
    'select coalesce(max(n), 0) as most from (select count(*) as n from tag_events group by xmin::text) t',
  );
  return Number(rows[0]!.most);
}

async function count(table: 'tag_events' | 'contact_tags' | 'contacts'): Promise<number> {
  return (await world.db.query(`select from ${table}`)).rowCount;
}

test('many tags a line: no transaction writes more than the setting allows, but for one line', async () => {
  const ref = await resolved(tagged(50, 30));
  await applySlices(ref, world.deps, control);
  expect(await count('tag_events')).toBe(1500);
  expect(await count('contact_tags')).toBe(1500);
  expect(await mostEvents()).toBeLessThanOrEqual(50 + 30);
});

test('what `replace` takes off counts too', async () => {
  await finishImport(world.deps, await resolved(tagged(50, 30)), false);
  await world.db.query('truncate tag_events');
  await finishImport(world.deps, await resolved(tagged(50, 1, '新'), { tags: 'replace' }), false);
  expect(await count('contact_tags')).toBe(50);
  expect(await count('tag_events')).toBe(50 * 31);
  expect(await mostEvents()).toBeLessThanOrEqual(100 + 31);
});

test('a line with more tags than a transaction may write is invalid', async () => {
  const file = await world.file('many.csv', `LINE UID,標籤\n${lineId(1)},${tagged(1, 10_001).split(',').at(-1)!}`);
  const result = await world.run({ file, channel: 'line', tagSeparator: ';', maxInvalid: 1 });
  expect(result.outcomes).toMatchObject({ invalid: 1, create: 0 });
});

test('an import that stopped under a large setting goes on under a small one, and nothing is applied twice', async () => {
  const ref = await resolved(tagged(60, 10));
  // As an earlier version left it: a slice of 20 lines by number is on record, and the size that was fixed is too large.
  world.deps.sliceLines = 400;
  world.deps.parallel = 1;
  const stopping = new AbortController();
  await applySlices(ref, world.deps, { signal: stopping.signal, onProgress: () => stopping.abort() }).catch(
    () => undefined,
  );
  const first = await count('contacts');
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(60);
  await world.db.query('update imports set slice_lines = 20000');
  await world.db.query('update import_slices set line_from = 0');
  world.deps.sliceLines = 50;
  world.deps.parallel = 2;
  await finishImport(world.deps, ref, false);
  expect(await count('contacts')).toBe(60);
  expect(await count('tag_events')).toBe(600);
  const { rows } = await world.db.query(
    `select from import_slices a join import_slices b
     on a.import_id = b.import_id and a.line_from < b.line_from and a.line_to >= b.line_from`,
  );
  expect(rows).toHaveLength(0);
  const { rows: small } = await world.db.query<{ most: number }>(
    'select max(created)::int as most from import_slices where line_from > 0',
  );
  expect(small[0]!.most).toBeLessThanOrEqual(3);
});

test('killed before or after any commit, every event is there exactly once', async () => {
  await finishImport(world.deps, await resolved(tagged(30, 7)), false);
  const whole = await contactChecksum(world.db);
  const { rows: events } = await world.db.query<{ n: string }>('select count(*) as n from tag_events');
  for (let countdown = 1; ; countdown += 5) {
    await world.db.query(
      'truncate contacts, contact_tags, contact_tag_removals, tag_events, import_lines, import_slices, imports',
    );
    const ref = await resolved(tagged(30, 7));
    const db = crashingDatabase(world.db);
    db.revive(countdown, countdown % 2 === 0);
    const broken = { ...world.deps, db: db as Database, parallel: 1 };
    await applySlices(ref, broken, control).catch(() => undefined);
    // Another setting in between must not make slices overlap.
    world.deps.sliceLines = countdown % 3 === 0 ? 35 : 100;
    await finishImport(world.deps, ref, false);
    expect(await contactChecksum(world.db)).toBe(whole);
    expect(await count('tag_events')).toBe(Number(events[0]!.n));
    if (db.crashes === 0) break;
  }
});
