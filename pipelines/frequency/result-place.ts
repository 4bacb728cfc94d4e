// The place of a published result: one folder takes the place of another so that a kill at any moment loses neither of them. Whoever
// replaces one holds the lock of `hold_places`.
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { Database, Transaction } from '../../ports/database.ts';
import type { Folder } from '../../ports/folder.ts';
import { frequencySql } from './frequency-sql.ts';
import { writeManifest, type Manifest } from './manifest.ts';

/** Beside the place and by its name: whoever comes after a kill finds what was under way. */
const coming = (parent: string, name: string) => `${parent}/.${name}.new`;
const going = (parent: string, name: string) => `${parent}/.${name}.old`;

type Places = { resultFolder: Folder };

const isThere = async ({ resultFolder }: Places, folder: string): Promise<boolean> =>
  (await resultFolder.read(`${folder}/manifest.json`)) !== null;

/** Ends what a killed process had begun: the place holds the old result or the new one, whole, and nothing lies beside it. */
export async function settlePlace(world: Places, parent: string, name: string): Promise<void> {
  const { resultFolder } = world;
  const place = `${parent}/${name}`;
  for (const aside of [coming(parent, name), going(parent, name)]) {
    if (!(await isThere(world, place)) && (await isThere(world, aside))) {
      await resultFolder.remove(place);
      await resultFolder.rename(aside, place);
    }
    await resultFolder.remove(aside);
  }
}

/** The manifest of a result whose files all have the size and the SHA-256 that it says; null when it is not there or damaged. */
export async function wholeResult({ resultFolder }: Places, folder: string): Promise<Manifest | null> {
  const text = await resultFolder.read(`${folder}/manifest.json`);
  const manifest = text === null ? null : parsed(text);
  for (const { name, bytes, sha256 } of manifest?.files ?? []) {
    const found = await resultFolder.fingerprint(`${folder}/${name}`);
    if (found?.bytes !== bytes || found.sha256 !== sha256) return null;
  }
  return manifest;
}

function parsed(text: string): Manifest | null {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    return null; // Cut short on a disk that was full, or by hand.
  }
}

/**
 * Puts a built folder where readers look; gives its name. One that is there already, whole and of the same answer, keeps its place
 * and gets the files that it lacks; any other gives way.
 */
export async function takePlace(world: Places, draft: string, parent: string, name: string): Promise<string> {
  const { resultFolder } = world;
  const place = `${parent}/${name}`;
  await settlePlace(world, parent, name);
  const mine = JSON.parse((await resultFolder.read(`${draft}/manifest.json`))!) as Manifest;
  const old = await wholeResult(world, place);
  if (old === null || old.checksum !== mine.checksum || old.rows !== mine.rows) {
    // No moment at which a folder is there by half; for an instant there is none, and settlePlace knows which it was to be.
    await resultFolder.rename(draft, coming(parent, name));
    if (await isThere(world, place)) await resultFolder.rename(place, going(parent, name));
    else await resultFolder.remove(place);
    await resultFolder.rename(coming(parent, name), place);
    await resultFolder.remove(going(parent, name));
    return place;
  }
  // Its Parquet files stay: readers may have them open, and the other parts may be divided otherwise.
  const missing = mine.files.filter(
    (file) => !file.name.endsWith('.parquet') && !old.files.some(({ name: known }) => known === file.name),
  );
  for (const file of missing) await resultFolder.alias(`${draft}/${file.name}`, `${place}/${file.name}`);
  if (missing.length > 0 || old.erasedSince !== mine.erasedSince)
    await writeManifest(world, place, {
      ...old,
      erasedSince: mine.erasedSince,
      files: [...old.files, ...missing],
    });
  return place;
}

/** Times that a reader waits for whoever replaces what it reads. Lower: two replacings, one after the other, fail a report. */
const READS = 3;

/**
 * Reads a published result by its path, which a scrub or a publishing beside may be replacing: what is not found there, or not whole, is
 * read again when the place is settled. `read` may be called several times. @throws what `read` throws at last
 */
export async function readPlace<T>(
  world: Places & { db: Database },
  folder: string,
  read: () => Promise<T>,
): Promise<T> {
  for (let n = 1; ; n += 1)
    try {
      return await read();
    } catch (error) {
      if (n === READS || !isReplaced(error)) throw error;
      await settled(world, folder, async () => undefined);
    }
}

/** Whether it may be that what is read was replaced beside. */
const isReplaced = (error: unknown): boolean =>
  error instanceof PipelineError && ['lake_file_missing', 'result_missing', 'result_damaged'].includes(error.code);

/** Does `work` while nobody else replaces results, and the place of this one is whole. */
export function settled<T>(
  world: Places & { db: Database },
  folder: string,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const cut = folder.lastIndexOf('/');
  return world.db.transaction(async (tx) => {
    await tx.query(frequencySql.hold_places);
    await settlePlace(world, folder.slice(0, cut), folder.slice(cut + 1));
    return work(tx);
  });
}
