// What must hold for any file: records are accounted for, a second import changes nothing, and any order of crash and
// resume ends where no crash would have ended. fast-check prints seed and path of a failure.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ImportResult } from '../../contracts/import.ts';
import { Crash, crashingDatabase } from '../crashing-database.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { dirtyFile } from '../dirty-file.ts';
import { contactChecksum, finishImport, openImportWorld, outcomesByLine, type ImportWorld } from '../import-harness.ts';

const databases: TestDatabase[] = [];
let calm: ImportWorld;
let stormy: ImportWorld;
beforeAll(async () => {
  databases.push(await openTestDatabase(), await openTestDatabase());
  calm = await openImportWorld(databases[0]!.databaseUrl);
  stormy = await openImportWorld(databases[1]!.databaseUrl);
  // Small enough that a file of sixty lines takes many blocks, transactions and slices.
  for (const world of [calm, stormy])
    Object.assign(world.deps, { sliceLines: 7, stageBlockBytes: 256, stageTransactionBytes: 1024 });
});
afterAll(async () => {
  await calm.close();
  await stormy.close();
  for (const database of databases) await database.drop();
});
async function empty(world: ImportWorld): Promise<void> {
  await world.db.query('truncate contacts, contact_tags, tag_events, import_lines, import_slices, imports');
}
beforeEach(() => Promise.all([empty(calm), empty(stormy)]));

const options = { channel: 'line', maxInvalid: 1, tags: 'replace' } as const;
let files = 0;

function total(result: ImportResult): number {
  const { blank, preamble, header, footer } = result.skipped;
  return blank + preamble + header + footer + Object.values(result.outcomes).reduce((sum, count) => sum + count, 0);
}

test('outcomes + skipped = records, one outcome a line, and a second import changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(dirtyFile, fc.boolean(), async (dirty, firstWins) => {
      const file = await calm.file(`${++files}.csv`, dirty.text);
      const first = await calm.run({ file, ...options, firstWins });
      expect(first.state).toBe('done');
      expect(total(first)).toBe(dirty.records);
      expect(first.skipped).toEqual({ blank: dirty.blank, preamble: 0, header: 1, footer: 0 });
      const lines = await outcomesByLine(calm.db, first.importId);
      expect(lines).toHaveLength(first.lines);
      const checksum = await contactChecksum(calm.db);
      const events = await calm.db.query('select from tag_events');
      const second = await calm.run({ file, ...options, firstWins, again: true });
      expect(second.outcomes).toMatchObject({ create: 0, update: 0, duplicate: first.outcomes.duplicate });
      expect(await contactChecksum(calm.db)).toBe(checksum);
      expect((await calm.db.query('select from tag_events')).rowCount).toBe(events.rowCount);
    }),
    { numRuns: 40 },
  );
});

test('any order of crash and resume ends as no crash would', async () => {
  const faulty = crashingDatabase(stormy.db);
  stormy.deps.db = faulty;
  const storm = fc.array(fc.record({ countdown: fc.integer({ min: 0, max: 60 }), after: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(dirtyFile, dirtyFile, storm, async (before, dirty, crashes) => {
      await Promise.all([empty(calm), empty(stormy)]);
      const name = `${++files}.csv`;
      for (const world of [calm, stormy]) {
        faulty.revive(Number.POSITIVE_INFINITY, false);
        await world.run({ file: await world.file(`before-${name}`, before.text), ...options });
      }
      const expected = await calm.run({ file: await calm.file(name, dirty.text), ...options });
      const file = await stormy.file(name, dirty.text);
      let result: ImportResult | null = null;
      for (const crash of [...crashes, { countdown: Number.POSITIVE_INFINITY, after: false }]) {
        faulty.revive(crash.countdown, crash.after);
        result = await attempt(file);
        if (result) break;
      }
      expect(result).toMatchObject({ state: 'done', outcomes: expected.outcomes, skipped: expected.skipped });
      expect(await contactChecksum(stormy.db)).toBe(await contactChecksum(calm.db));
      expect(await outcomesByLine(stormy.db, result!.importId)).toEqual(
        await outcomesByLine(calm.db, expected.importId),
      );
      expect(await events(stormy)).toEqual(await events(calm));
    }),
    { numRuns: 40 },
  );
  expect(faulty.crashes).toBeGreaterThan(20);
}, 240_000);

/** One run from the start; null when it crashed. */
async function attempt(file: string): Promise<ImportResult | null> {
  try {
    const registered = await stormy.register({ file, ...options });
    if (registered.recognised) return { ...registered.recognised, recognised: false };
    return await finishImport(stormy.deps, registered, false);
  } catch (error) {
    if (error instanceof Crash) return null;
    throw error;
  }
}

async function events(world: ImportWorld): Promise<string[]> {
  const { rows } = await world.db.query<{ text: string }>(`
    select social_id || ' ' || kind || ' ' || tag as text
    from tag_events e join contacts c on c.id = e.contact_id order by 1`);
  return rows.map((row) => row.text);
}
