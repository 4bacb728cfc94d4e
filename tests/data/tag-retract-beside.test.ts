// Retracting an import beside what would write more of it: a restart, another retraction, a try that was given up. Whoever hears that
// it is retracted finds no live event of it.
import { expect, test } from 'vitest';
import type { Database } from '../../ports/database.ts';
import { applyTags } from '../../pipelines/tags/apply-tags.ts';
import { resolveTags } from '../../pipelines/tags/resolve-tags.ts';
import { stageTags } from '../../pipelines/tags/stage-tags.ts';
import { stopTags } from '../../pipelines/tags/report-tags.ts';
import { retractImport } from '../../pipelines/tags/write-events.ts';
import { lineId } from '../import-harness.ts';
import { control, finishTags, registerTagFile, tagWorld } from '../tag-harness.ts';

const world = tagWorld();
const FILE = [
  'uid,tag,time',
  ...Array.from({ length: 30 }, (_, n) => `${lineId((n % 9) + 1)},t,2024-01-${10 + (n % 9)}`),
];

/** An import that was cancelled after so many slices of five events. */
async function cancelledAfter(slices: number) {
  const file = await world.file('stopped.csv', FILE.join('\n'));
  const deps = { ...world.deps, tagSliceLines: 5 };
  const ref = await registerTagFile(deps, { file, channel: 'line' });
  await stageTags(ref, deps, control);
  await resolveTags(ref, deps, control);
  const stop = new AbortController();
  const onProgress = (done: number) => done === slices && stop.abort();
  await applyTags(ref, deps, { signal: stop.signal, onProgress }).catch(() => undefined);
  await stopTags(ref, 'cancelled', null, world.db);
  return {
    ref,
    deps,
    restart: async () => finishTags(deps, await registerTagFile(deps, { file, channel: 'line' }), false),
  };
}

async function liveEvents(importId: string): Promise<number> {
  const { rowCount } = await world.db.query(
    `select from tag_events e where import_id = $1 and kind <> 'retracted'
       and not exists (select from tag_events r where r.retracts = e.id)`,
    [importId],
  );
  return rowCount;
}

/** A database that does something before its n-th transaction. */
function before(nth: number, act: () => Promise<unknown>): Database {
  let seen = 0;
  return {
    ...world.db,
    transaction: async (work, options) => {
      if (++seen === nth) await act();
      return world.db.transaction(work, options);
    },
  };
}

test.each([1, 2, 3, 4, 5, 6])(
  'a restart before its transaction %i: it says so, and again it leaves nothing',
  async (nth) => {
    const { ref, restart } = await cancelledAfter(4);
    let restarted = false;
    const db = before(nth, async () => {
      restarted = true;
      await restart();
    });
    const ended = await retractImport(db, ref.importId, undefined, 7).catch((error: unknown) => error);
    if (typeof ended === 'number') expect(await liveEvents(ref.importId)).toBe(0);
    else expect(ended).toMatchObject({ code: 'import_running' });
    expect(restarted || typeof ended === 'number').toBe(true);
    await retractImport(world.db, ref.importId, undefined, 7);
    expect(await liveEvents(ref.importId)).toBe(0);
  },
);

test('a restart that is registered and not done yet: the retraction stops', async () => {
  const { ref, deps } = await cancelledAfter(4);
  const file = await world.file('stopped.csv', FILE.join('\n'));
  const db = before(3, () => registerTagFile(deps, { file, channel: 'line' }));
  await expect(retractImport(db, ref.importId, undefined, 7)).rejects.toMatchObject({ code: 'import_running' });
});

test('a try that was given up writes nothing more once the retraction has begun', async () => {
  const { ref, deps } = await cancelledAfter(2);
  const db = before(2, () => applyTags(ref, deps, control));
  await expect(retractImport(db, ref.importId, undefined, 7)).rejects.toMatchObject({ code: 'import_superseded' });
  expect(await retractImport(world.db, ref.importId, undefined, 7)).toBeGreaterThanOrEqual(0);
  expect(await liveEvents(ref.importId)).toBe(0);
  await expect(applyTags(ref, deps, control)).rejects.toMatchObject({ code: 'import_superseded' });
});
