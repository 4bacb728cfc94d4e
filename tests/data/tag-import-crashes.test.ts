// An import of tag events that is stopped anywhere and gone on with: it ends as it would have undisturbed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Database } from '../../ports/database.ts';
import { stepNumber, type ImportRef } from '../../contracts/import.ts';
import type { TagImportResult } from '../../contracts/tag-import.ts';
import { beginStep } from '../../pipelines/import/import-store.ts';
import { applyTags } from '../../pipelines/tags/apply-tags.ts';
import { stopTags } from '../../pipelines/tags/report-tags.ts';
import { resolveTags } from '../../pipelines/tags/resolve-tags.ts';
import { stageTags } from '../../pipelines/tags/stage-tags.ts';
import { Crash, crashingDatabase } from '../crashing-database.ts';
import { lineId, outcomesByLine } from '../import-harness.ts';
import {
  control,
  emptyTagWorld,
  finishTags,
  importTagFile,
  logLines,
  registerTagFile,
  tagsByLog,
  tagsNow,
  tagWorld,
} from '../tag-harness.ts';

const world = tagWorld();
const small = { tagSliceLines: 5, stageBlockBytes: 256, stageTransactionBytes: 512 };

/** Lines of every outcome; repeats, removals and messages among them. */
const line = fc
  .tuple(
    fc.integer({ min: 1, max: 11 }),
    fc.constantFrom('a', 'b', ''),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 0, max: 9 }),
  )
  .map(
    ([n, tag, day, odd]) =>
      `${odd === 9 ? 'none' : lineId(n)},${tag},2024-0${(day % 3) + 1}-0${day},${odd === 8 ? 'removed' : ''},${odd === 7 ? `m${day}` : ''}`,
  );
const text = fc
  .array(line, { minLength: 10, maxLength: 50 })
  .map((lines) => ['uid,tag,time,kind,message id', ...lines].join('\n'));

interface End {
  result: TagImportResult;
  lines: string[];
  log: string[];
  tags: string[];
}

async function endOf(result: TagImportResult): Promise<End> {
  return {
    result: { ...result, importId: '', rejectsFile: '' },
    lines: await outcomesByLine(world.db, result.importId),
    log: await logLines(world.db),
    tags: await tagsNow(world.db),
  };
}

test('any order of crash and resume ends as no crash would', async () => {
  const faulty = crashingDatabase(world.db);
  const deps = { ...world.deps, ...small, db: faulty };
  const crash = fc.record({ countdown: fc.integer({ min: 0, max: 70 }), after: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(text, text, fc.array(crash, { minLength: 1, maxLength: 6 }), async (before, content, crashes) => {
      const earlier = await world.file('before.csv', before);
      const file = await world.file('storm.csv', content);
      const given = { file, channel: 'line', maxInvalid: 1 };
      const run = async (attempt: () => Promise<TagImportResult>): Promise<End> => {
        await emptyTagWorld(world.db);
        await importTagFile(world.deps, { ...given, file: earlier });
        return endOf(await attempt());
      };
      const calm = await run(() => importTagFile({ ...world.deps, ...small }, given));
      const stormy = await run(async () => {
        for (const { countdown, after } of [...crashes, { countdown: Number.POSITIVE_INFINITY, after: false }]) {
          faulty.revive(countdown, after);
          const result = await importTagFile(deps, given).catch((error: unknown) => {
            if (error instanceof Crash) return null;
            throw error;
          });
          if (result) return { ...result, recognised: false };
        }
        throw new Error('the last attempt cannot crash');
      });
      expect(stormy).toEqual({ ...calm, result: { ...calm.result, recognised: false } });
      expect(stormy.tags).toEqual(await tagsByLog(world.db));
    }),
    { numRuns: 30 },
  );
  expect(faulty.crashes).toBeGreaterThan(15);
}, 240_000);

test('cancelled in the middle: what was applied stays, and the same file goes on from there', async () => {
  const content = [
    'uid,tag,time',
    ...Array.from({ length: 30 }, (_, n) => `${lineId((n % 9) + 1)},t,2024-01-${10 + (n % 9)}`),
  ];
  const file = await world.file('cancel.csv', content.join('\n'));
  const deps = { ...world.deps, ...small };
  const ref = await registerTagFile(deps, { file, channel: 'line' });
  await stageTags(ref, deps, control);
  await resolveTags(ref, deps, control);
  const stop = new AbortController();
  const cancelled = applyTags(ref, deps, {
    signal: stop.signal,
    onProgress: (done) => done === 3 && stop.abort(new Error('cancelled')),
  });
  await expect(cancelled).rejects.toThrow('cancelled');
  expect(await stopTags(ref, 'cancelled', 'Cancelled.', world.db)).toMatchObject({ state: 'cancelled' });
  expect(await logLines(world.db)).toHaveLength(15);
  const again = await registerTagFile(deps, { file, channel: 'line' });
  expect(again).toMatchObject({ importId: ref.importId, attempt: 2, resumed: true });
  expect(await finishTags(deps, again, false)).toMatchObject({ state: 'done', outcomes: { added: 30, known: 0 } });
  expect(await logLines(world.db)).toHaveLength(30);
});

test('a step that was given up and still runs somewhere writes nothing any more, not even its next slice', async () => {
  const days = Array.from({ length: 12 }, (_, n) => `${lineId(1)},t,2024-01-${10 + n}`);
  const file = await world.file('old.csv', ['uid,tag,time', ...days].join('\n'));
  const registered = await registerTagFile(world.deps, { file, channel: 'line' });
  const tryOf = (attempt: number): ImportRef => ({ ...registered, step: stepNumber('applying', attempt) });
  await stageTags(registered, world.deps, control);
  await resolveTags(registered, world.deps, control);
  let transactions = 0;
  const overtaken: Database = {
    ...world.db,
    transaction: async (work, options) => {
      // The first one notes the size of slices, the second is the slice of the first five lines.
      if (++transactions === 3) await beginStep(world.db, tryOf(2), 'applying');
      return world.db.transaction(work, options);
    },
  };
  const old = applyTags(tryOf(1), { ...world.deps, ...small, db: overtaken }, control);
  await expect(old).rejects.toMatchObject({ code: 'import_superseded' });
  expect(await logLines(world.db)).toHaveLength(5);
  await applyTags(tryOf(2), world.deps, control);
  expect(await logLines(world.db)).toHaveLength(12);
});
