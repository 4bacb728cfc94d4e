// Puts built results where readers look, and makes all windows of a run known in one transaction.
import type { FrequencyWindowResult, ResolvedWindow } from '../../contracts/tag-frequency.ts';
import { fixErasures } from '../lake/erased.ts';
import { frequencySql } from './frequency-sql.ts';
import { ALL_CHANNELS, asOfUs, erasedIn, type Triple } from './frequency-store.ts';
import { tripleName, windowFolder } from './names.ts';
import type { FrequencyWorld } from './ports.ts';
import { takePlace } from './result-place.ts';

/** A window's result in a folder of work. */
export interface Draft {
  draft: string;
  window: ResolvedWindow;
  rows: number;
  times: number;
  checksum: string;
  newestUs: string | null;
  erasedSince: number;
}

export interface Run {
  triple: Triple;
  lakeVersion: string;
  /** Number of the last erasure whose person is in none of the drafts. */
  erasedThrough: string;
  drafts: readonly Draft[];
}

/**
 * Gives what is published now; null, and nothing is known of it, when somebody whom it counts was erased since: leave them out and
 * call it again. `anyway`: then it is known nevertheless, and not up to date.
 */
export async function recordResults(
  world: FrequencyWorld,
  { triple, lakeVersion, erasedThrough, drafts }: Run,
  anyway: boolean,
): Promise<FrequencyWindowResult[] | null> {
  const us = (ms: number) => String(BigInt(ms) * 1000n);
  return world.db.transaction(async (tx) => {
    await tx.query(frequencySql.hold_places);
    const folders: string[] = [];
    for (const { draft, window } of drafts)
      folders.push(await takePlace(world, draft, windowFolder(triple.channel, window.name), tripleName(triple)));
    // From here to the commit nobody is erased.
    let through = await fixErasures(tx);
    for (const { window } of drafts) {
      const { newer } = await erasedIn(tx, triple, window, { after: erasedThrough, through });
      if (newer > 0 && !anyway) return null;
      if (newer > 0) through = erasedThrough;
    }
    const windows: FrequencyWindowResult[] = [];
    for (const [index, { window, rows, times, checksum, newestUs, erasedSince }] of drafts.entries()) {
      const folder = folders[index]!;
      const added = await tx.query<{ id: string }>(frequencySql.publish, [
        triple.channel ?? ALL_CHANNELS,
        window.name,
        us(window.fromMs),
        us(window.toMs),
        asOfUs(triple),
        triple.knownAtUs,
        lakeVersion,
        rows,
        checksum,
        times,
        newestUs,
        folder,
        erasedSince,
        through,
      ]);
      windows.push({
        frequencyId: added.rows[0]!.id,
        window: window.name,
        from: new Date(window.fromMs).toISOString(),
        to: new Date(window.toMs).toISOString(),
        rows,
        times,
        checksum,
        folder,
        erasedSince,
      });
    }
    return windows;
  });
}

/** `current` is the newest as-of, not the newest run: a backfill of the past does not move it back, nor does one of two at once. */
export async function makeCurrent(
  world: FrequencyWorld,
  triple: Triple,
  windows: readonly FrequencyWindowResult[],
): Promise<void> {
  const { resultFolder } = world;
  await world.db.transaction(async (tx) => {
    await tx.query(frequencySql.hold_places);
    for (const { window, folder } of windows) {
      const parent = windowFolder(triple.channel, window);
      const name = folder.slice(parent.length + 1);
      const now = await resultFolder.linked(`${parent}/current`);
      if (now === null || now < name) await resultFolder.link(`${parent}/current`, name);
    }
  });
}
