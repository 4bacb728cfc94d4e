// Brings the lake up to a watermark: only days that changed are written, to new files, and whoever was erased is taken out of the
// files that held them; then one new version is published.
import type { StepControl } from '../../ports/step-control.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { LakeRefresh } from '../../contracts/tag-frequency.ts';
import { dayOf } from '../values/time-zone.ts';
import { daysOfLog } from './business-days.ts';
import { removeOutdated } from './cleanup.ts';
import { countErased, fixErasures, holdingErased, openErased, withoutErased } from './erased.ts';
import { writeKeyFiles } from './key-files.ts';
import { lakeSql } from './lake-sql.ts';
import {
  addDrafts,
  draftFiles,
  headVersion,
  publishVersion,
  versionFiles,
  type Basis,
  type LakeFile,
  type LakeVersion,
  type NewFile,
} from './manifest.ts';
import type { Duck } from '../../ports/duck.ts';
import type { LakeWorld } from './ports.ts';
import { tagsSql } from '../tags/tags-sql.ts';
import { copyBatch, writeBatch, type UnitJob } from './unit-files.ts';
import { batches, planUnits, type DayRows, type PresentUnit, type UnitWork } from './units.ts';

/** What is wrong when another refresh came first; the last one only when there is a newer version: its cleaning up took the file. */
const OVERTAKEN = ['lake_moved', 'lake_keys_gone', 'lake_file_missing'];

/** Refreshes that came first and were waited for. More means that somebody refreshes without end. */
const TRIES = 5;

/**
 * A version of the lake that holds all that is recorded now. Killed and called again, it goes on with the files it has.
 * `anew`: writes every file again, and uses none that is there. @throws PipelineError `disk_full`, `duckdb_memory`,
 * `lake_file_missing`, or the signal's reason
 */
export async function refreshLake(world: LakeWorld, anew: boolean, control: StepControl): Promise<LakeRefresh> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await headVersion(world.db);
    try {
      let { refreshed, again } = await refreshOnce(world, anew, control);
      // What a killed try had begun is finished as of its own watermark; what came since is a day or so. And who was found to be
      // gone is taken out at once.
      if (again) ({ refreshed, again } = await refreshOnce(world, false, control));
      await removeOutdated(world);
      return refreshed;
    } catch (error) {
      const passed = error instanceof PipelineError && OVERTAKEN.includes(error.code);
      if (!passed || attempt === TRIES) throw error;
      const now = await headVersion(world.db);
      if (error.code === 'lake_file_missing' && now?.version === before?.version) throw error;
    }
  }
}

interface Start extends Basis {
  head: LakeVersion | null;
  /** The watermark is that of a try that died. */
  resumed: boolean;
}

async function refreshOnce(
  world: LakeWorld,
  anew: boolean,
  control: StepControl,
): Promise<{ refreshed: LakeRefresh; again: boolean }> {
  const start = await begin(world, anew);
  const { head, watermark, timeZone, erasedThrough } = start;
  const span = { after: head?.erasedThrough ?? '0', through: erasedThrough };
  const { erasures, unknown } = await countErased(world.db, span);
  // Nobody knows any more whom to take out: what Postgres has is right.
  const whole = anew || head === null || head.timeZone !== timeZone || unknown > 0;
  const present = head ? await versionFiles(world.db, head.version) : [];
  const events = present.filter(({ kind }) => kind === 'events');
  const dirty = await daysOfLog(world.db, timeZone, watermark, whole ? null : head);
  const today = dayOf(Number(watermark / 1000n), timeZone);
  const works = planUnits(dirty, whole ? [] : unitsOf(events), today);
  const drafts = anew ? [] : await usableDrafts(world, start);
  const job: UnitJob = { ...start, whole, present: events };
  return world.withDuck(control.signal, async (duck) => {
    const erased = !whole && erasures > 0;
    await openErased(world, duck, erased ? span : 'none', control);
    const written = await writeUnits(world, duck, { job, works, drafts }, control);
    const replaced = events.filter(
      ({ from }) => whole || works.some(({ replaces }) => replaces.some((unit) => unit.from === from)),
    );
    const stays = events.filter((file) => !replaced.includes(file));
    const cleared = erased ? await takeOut(world, duck, stays, control) : { from: [], to: [] };
    const kept = stays.filter((file) => !cleared.from.includes(file));
    const keys = await writeKeyFiles(
      world,
      duck,
      { watermark, events: [...kept, ...cleared.to, ...written], fresh: written, present, anew: whole, erased },
      control,
    );
    const version = await world.db.transaction(async (tx) => {
      const added = [...written, ...(await addDrafts(tx, [...cleared.to, ...keys.added], start))];
      const removed = [...replaced, ...cleared.from, ...keys.removed];
      return publishVersion(tx, { ...start, added, removed, tagsLeft: keys.tagsLeft });
    });
    if (keys.gone.length > 0) await finishErasures(world, keys.gone);
    const refreshed = summary(version, [...written, ...cleared.to], dirty, keys.added.length);
    return { refreshed, again: start.resumed || keys.gone.length > 0 };
  });
}

/** Writes those of the files that hold somebody erased without them, one after the other. */
async function takeOut(
  world: LakeWorld,
  duck: Duck,
  files: readonly LakeFile[],
  { signal }: StepControl,
): Promise<{ from: LakeFile[]; to: NewFile[] }> {
  const from = await holdingErased(world, duck, files);
  const to: NewFile[] = [];
  for (const file of from) {
    signal.throwIfAborted();
    const rest = await withoutErased(world, duck, [file]);
    if (rest) to.push(rest);
  }
  return { from, to };
}

/**
 * Events of contacts that are not there can be counted for nobody. They are what a writer left who had not seen that somebody was
 * being erased: their erasure is finished, with a number, and the next refresh takes them out.
 */
async function finishErasures({ db }: LakeWorld, contacts: readonly string[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(tagsSql.join_writers);
    await tx.query(lakeSql.finish_erasures, [contacts]);
  });
}

function summary(version: LakeVersion, written: NewFile[], dirty: DayRows[], keyFiles: number): LakeRefresh {
  return {
    version: version.version,
    watermarkUs: String(version.watermark),
    files: version.files,
    rows: version.rows,
    daysChanged: dirty.length,
    filesWritten: written.length + keyFiles,
    rowsWritten: written.reduce((sum, { rows }) => sum + rows, 0),
    bytesWritten: written.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Fixes the watermark and the last erasure; or takes the watermark of a try that died, if its files can be used. */
async function begin({ db, timeZone }: LakeWorld, anew: boolean): Promise<Start> {
  const head = await headVersion(db);
  const base = head?.version ?? '0';
  return db.transaction(async (tx) => {
    const fixed = await tx.query<{ watermark: string }>(lakeSql.fix_watermark);
    const erasedThrough = await fixErasures(tx);
    const values = [base, timeZone, erasedThrough];
    const unfinished = await tx.query<{ watermark: string | null }>(lakeSql.unfinished_watermark, values);
    const earlier = anew ? null : (unfinished.rows[0]?.watermark ?? null);
    const watermark = BigInt(earlier ?? fixed.rows[0]!.watermark);
    return { head, base, watermark, timeZone, erasedThrough, resumed: earlier !== null };
  });
}

function unitsOf(files: readonly LakeFile[]): PresentUnit[] {
  const units = new Map<string, { from: string; to: string; rows: number }>();
  for (const { from, to, rows } of files)
    units.set(from!, { from: from!, to: to!, rows: rows + (units.get(from!)?.rows ?? 0) });
  return [...units.values()];
}

async function usableDrafts(world: LakeWorld, basis: Basis): Promise<LakeFile[]> {
  const drafts = await draftFiles(world.db, basis);
  const usable: LakeFile[] = [];
  for (const draft of drafts)
    if ((await world.lakeFolder.fingerprint(draft.path))?.sha256 === draft.sha256) usable.push(draft);
  return usable;
}

interface Writing {
  job: UnitJob;
  works: UnitWork[];
  drafts: LakeFile[];
}

async function writeUnits(
  world: LakeWorld,
  duck: Duck,
  { job, works, drafts }: Writing,
  control: StepControl,
): Promise<LakeFile[]> {
  const done = (work: UnitWork) => drafts.filter(({ from, to }) => from === work.unit.from && to === work.unit.to);
  // All buckets of a unit are written down together, or none.
  const whole = (files: LakeFile[]) => files.length > 0 && files.length === files[0]!.buckets;
  const written = works.flatMap((work) => (whole(done(work)) ? done(work) : []));
  const left = batches(works.filter((work) => !whole(done(work))));
  await world.lakeFolder.make('events');
  await world.lakeFolder.make('contacts');
  await world.lakeFolder.make('tags');
  // Postgres copies the next batch while DuckDB works on this one.
  const ahead = (index: number) => {
    const batch = left[index];
    const copied = batch ? copyBatch(world, job, batch, control) : Promise.resolve([]);
    copied.catch(() => undefined);
    return copied;
  };
  let next = ahead(0);
  for (const [index, batch] of left.entries()) {
    const csv = await next;
    next = ahead(index + 1);
    const onUnit = async (files: NewFile[]) => {
      written.push(...(await world.db.transaction((tx) => addDrafts(tx, files, job))));
      control.onProgress(written.reduce((sum, { rows }) => sum + rows, 0));
    };
    await writeBatch(world, duck, job, batch, csv, onUnit, control);
  }
  return written;
}
