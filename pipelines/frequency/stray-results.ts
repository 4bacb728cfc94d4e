// Folders of results that no row knows: of a run that was ended for good while it published. No scrub would look into them.
import { frequencySql } from './frequency-sql.ts';
import type { FrequencyWorld } from './ports.ts';
import { settlePlace } from './result-place.ts';

/** Too low: a run that is just publishing loses what it has put in place; too high: addresses lie there that much longer. */
const STRAY_AFTER_MS = 24 * 60 * 60 * 1000;

/** What a kill left while one result took another's place. */
const ASIDE = /^\.(.+)\.(?:new|old)$/;

/** Removes what is a day old and known to nobody, and ends what killed processes had begun. Again: finds nothing. */
export async function sweepStrayResults(world: Pick<FrequencyWorld, 'db' | 'resultFolder'>): Promise<void> {
  const { db, resultFolder } = world;
  const old: { parent: string; name: string }[] = [];
  for (const channel of await resultFolder.list()) {
    if (channel.name.startsWith('.')) continue;
    for (const window of await resultFolder.list(channel.name)) {
      const parent = `${channel.name}/${window.name}`;
      for (const { name, ageMs } of await resultFolder.list(parent))
        if (name !== 'current' && ageMs > STRAY_AFTER_MS) old.push({ parent, name });
    }
  }
  const { rows } = await db.query<{ folder: string }>(frequencySql.unknown_folders, [
    old.filter(({ name }) => !name.startsWith('.')).map(({ parent, name }) => `${parent}/${name}`),
  ]);
  const unknown = new Set(rows.map(({ folder }) => folder));
  const strays = old.filter(({ parent, name }) => ASIDE.test(name) || unknown.has(`${parent}/${name}`));
  if (strays.length === 0) return;
  await db.transaction(async (tx) => {
    await tx.query(frequencySql.hold_places);
    for (const { parent, name } of strays) {
      const replaced = ASIDE.exec(name)?.[1];
      if (replaced !== undefined) {
        await settlePlace(world, parent, replaced);
        continue;
      }
      // Asked again under the lock: it may have become known.
      if ((await tx.query(frequencySql.unknown_folders, [[`${parent}/${name}`]])).rowCount === 0) continue;
      if ((await resultFolder.linked(`${parent}/current`)) === name) await resultFolder.remove(`${parent}/current`);
      await resultFolder.remove(`${parent}/${name}`);
    }
  });
}
