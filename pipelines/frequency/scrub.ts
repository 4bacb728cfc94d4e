// Takes erased people out of results that were published before, so that no file keeps an address that is erased everywhere else.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import { FREQUENCY_FORMATS, type LakeRefresh } from '../../contracts/tag-frequency.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { requireBusinessZone } from '../lake/business-zone.ts';
import { defineChecksum } from '../lake/checksum.ts';
import { fixErasures, openErased } from '../lake/erased.ts';
import { headVersion, pathsOf, versionFiles } from '../lake/manifest.ts';
import { refreshLake } from '../lake/refresh.ts';
import { countSql, frequencySql } from './frequency-sql.ts';
import { writeKept, type WindowSum } from './leave-out.ts';
import type { FrequencyWorld } from './ports.ts';
import { buildFolder } from './result-folder.ts';
import { type Manifest, writeManifest } from './manifest.ts';
import { readPlace, settled, takePlace, wholeResult } from './result-place.ts';
import { sweepStrayResults } from './stray-results.ts';
import { sweepWork } from './work-folders.ts';

/** A result in which somebody may be counted who was erased: its row's id, its folder, and up to which erasure it was looked through. */
interface Touched {
  [column: string]: unknown;
  id: string;
  folder: string;
  erased_through: string;
  /** People with events in its window who were erased since its known-at. */
  erased: string;
  /** Of some of them it is no longer known who they were. */
  unknown: boolean;
}

/**
 * Refreshes the lake, then writes every result anew in which somebody was counted who has been erased since: whoever is erased
 * leaves both in one step. Killed and called again, it goes on. `anew`: writes all of the lake again.
 * @throws PipelineError `business_time_zone_differs`, `disk_full`, `duckdb_memory`, or the signal's reason
 */
export async function bringUpToDate(world: FrequencyWorld, anew: boolean, control: StepControl): Promise<LakeRefresh> {
  await requireBusinessZone(world.db, world.timeZone);
  const refreshed = await refreshLake(world, anew, control);
  await scrubErased(world, control);
  await sweepWork(world);
  await sweepStrayResults(world);
  return refreshed;
}

/**
 * Takes everybody who is erased by now out of everything published. Who is erased meanwhile has a higher number, and is taken out by
 * the next call; a question that is asked before is not recognised.
 */
export async function scrubErased(world: FrequencyWorld, control: StepControl): Promise<void> {
  const through = await fixErasures(world.db);
  const { rows } = await world.db.query<Touched>(frequencySql.touched_by_erasure, [through]);
  for (const touched of rows) await scrub(world, touched, through, control);
  await world.db.query(frequencySql.untouched, [through]);
  await world.db.query(frequencySql.forget_erased);
}

async function scrub(world: FrequencyWorld, touched: Touched, through: string, control: StepControl): Promise<void> {
  let first: string | null = null;
  await readPlace(world, touched.folder, async () => {
    const text = await wholeManifest(world, touched);
    first ??= text;
    // What another one has published meanwhile is for the next scrub, which asks anew who is in it.
    if (text !== null && text === first) await takeOut(world, touched, text, through, control);
  });
}

/** The manifest of a result that can be read; another one is given up. */
function wholeManifest(world: FrequencyWorld, { id, folder }: Touched): Promise<string | null> {
  const { resultFolder } = world;
  return settled(world, folder, async (tx) => {
    const there = await resultFolder.read(`${folder}/manifest.json`);
    if (there !== null && (await wholeResult(world, folder)) !== null) return there;
    // Somebody removed old results by hand: then there is nothing to take out. What is damaged cannot be read, and is not kept. The
    // same question computes it again, and is not held against what it once was.
    await resultFolder.remove(folder);
    await tx.query(frequencySql.forget_result, [id]);
    return null;
  });
}

/** @throws PipelineError `lake_file_missing` when the result is replaced beside */
async function takeOut(
  world: FrequencyWorld,
  touched: Touched,
  text: string,
  through: string,
  control: StepControl,
): Promise<void> {
  const { resultFolder } = world;
  const { id, folder, erased } = touched;
  const [parent, name] = [folder.slice(0, folder.lastIndexOf('/')), folder.slice(folder.lastIndexOf('/') + 1)];
  const { files, ...manifest } = JSON.parse(text) as Manifest;
  const work = `.work/scrub-${randomUUID()}`;
  await resultFolder.make(work);
  const sources = files.filter((file) => file.name.endsWith('.parquet')).map((file) => `${folder}/${file.name}`);
  const kept = await keep(world, touched, through, sources, `${work}/kept.parquet`, control);
  const { rows, times, checksum } = kept;
  const counts = { rows, times, checksum, erasedSince: Number(erased) };
  const same = rows === manifest.rows && checksum === manifest.checksum;
  const draft = `${work}/publish`;
  if (!same) {
    const formats = FREQUENCY_FORMATS.filter((format) => files.some((file) => file.name === `frequency.${format}`));
    const part = { file: `${work}/kept.parquet`, ...kept };
    await buildFolder(world, draft, [part], formats, { ...manifest, ...counts }, control);
  }
  await settled(world, folder, async (tx) => {
    // Somebody has published the same answer again meanwhile: the next scrub looks at that one.
    if ((await resultFolder.read(`${folder}/manifest.json`)) !== text) return;
    if (same) await writeManifest(world, folder, { ...manifest, ...counts, files });
    else await takePlace(world, draft, parent, name);
    await tx.query(frequencySql.scrubbed, [id, erased, rows, checksum, times, through]);
  });
  await resultFolder.remove(work);
}

/** Writes the rows of those who stay. */
async function keep(
  world: FrequencyWorld,
  { erased_through: after, unknown }: Touched,
  through: string,
  sources: string[],
  file: string,
  control: StepControl,
): Promise<WindowSum> {
  const paths = sources.map((name) => world.resultFolder.at(name));
  return world.withDuck(control.signal, async (duck) => {
    await defineChecksum(duck);
    await openErased(world, duck, { after, through }, control);
    if (!unknown) return writeKept(world, duck, paths, file, 'nobody else');
    // Erased before erasures had numbers: who is still there is known from the lake.
    const contacts = await contactFiles(world);
    await duck.run(contacts.length > 0 ? withLiterals(countSql.still_there, { contacts }) : countSql.nobody_there);
    return writeKept(world, duck, paths, file, 'who is not in people');
  });
}

async function contactFiles(world: FrequencyWorld): Promise<string[]> {
  const head = await headVersion(world.db);
  const files = head ? await versionFiles(world.db, head.version) : [];
  return pathsOf(
    world,
    files.filter(({ kind }) => kind === 'contacts'),
  );
}
