// Brings the lake up to a watermark: only days that changed are written, to new files; then one new version is published.
import type { StepControl } from '../import/ports.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { LakeRefresh } from '../contracts/tag-frequency.ts';
import { removeOutdated } from './cleanup.ts';
import { writeKeyFiles } from './key-files.ts';
import { lakeSql } from './lake-sql.ts';
import {
  addDrafts,
  draftFiles,
  headVersion,
  publishVersion,
  versionFiles,
  type LakeFile,
  type LakeVersion,
  type NewFile,
} from './manifest.ts';
import type { Duck } from '../contracts/duck.ts';
import type { LakeWorld } from './ports.ts';
import { copyBatch, writeBatch, type UnitJob } from './unit-files.ts';
import { batches, planUnits, type DayRows, type Unit, type UnitWork } from './units.ts';

/** What is wrong when another refresh came first. */
const OVERTAKEN = ['lake_moved', 'lake_keys_gone'];

/** Refreshes that came first and were waited for. More means that somebody refreshes without end. */
const TRIES = 5;

/**
 * A version of the lake that holds all that is recorded now. Killed and called again, it goes on with the files it has.
 * `anew`: writes every file again. @throws PipelineError `disk_full`, `duckdb_memory`, or the signal's reason
 */
export async function refreshLake(world: LakeWorld, anew: boolean, control: StepControl): Promise<LakeRefresh> {
  for (let attempt = 1; ; attempt += 1)
    try {
      let { refreshed, resumed } = await refreshOnce(world, anew, control);
      // What a killed try had begun is finished as of its own watermark; what came since is a day or so.
      if (resumed) ({ refreshed, resumed } = await refreshOnce(world, false, control));
      await removeOutdated(world);
      return refreshed;
    } catch (error) {
      const passed = error instanceof PipelineError && OVERTAKEN.includes(error.code);
      if (!passed || attempt === TRIES) throw error;
    }
}

interface Start {
  head: LakeVersion | null;
  base: string;
  watermark: bigint;
  markedUntil: string;
  /** The watermark is that of a try that died. */
  resumed: boolean;
}

async function refreshOnce(
  world: LakeWorld,
  anew: boolean,
  control: StepControl,
): Promise<{ refreshed: LakeRefresh; resumed: boolean }> {
  const start = await begin(world);
  const { head, base, watermark } = start;
  const whole = anew || head === null || head.timeZone !== world.timeZone;
  const present = head ? await versionFiles(world.db, head.version) : [];
  const events = present.filter(({ kind }) => kind === 'events');
  const dirty = await daysToWrite(world, whole ? null : head, watermark);
  const works = planUnits(dirty, whole ? [] : unitsOf(events), await businessDay(world, watermark));
  const drafts = await usableDrafts(world, base, watermark);
  const job: UnitJob = { base, watermark, whole, present: events };
  return world.withDuck(control.signal, async (duck) => {
    const written = await writeUnits(world, duck, { job, works, drafts }, control);
    const replaced = events.filter(
      ({ from }) => whole || works.some(({ replaces }) => replaces.some((unit) => unit.from === from)),
    );
    const kept = events.filter((file) => !replaced.includes(file));
    const erased = start.markedUntil !== '-infinity';
    const keys = await writeKeyFiles(
      world,
      duck,
      { watermark, events: [...kept, ...written], fresh: written, present, anew: whole || erased },
      control,
    );
    const version = await world.db.transaction(async (tx) => {
      const added = [...written, ...(await addDrafts(tx, keys.added, base, world.timeZone))];
      const removed = [...replaced, ...keys.removed];
      const { tagsLeft } = keys;
      return publishVersion(tx, { ...start, timeZone: world.timeZone, added, removed, tagsLeft });
    });
    return { refreshed: summary(version, written, dirty, keys.added.length), resumed: start.resumed };
  });
}

function summary(version: LakeVersion, written: LakeFile[], dirty: DayRows[], keyFiles: number): LakeRefresh {
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

/** Fixes the watermark; or takes that of a try that died, if its files can be used. */
async function begin(world: LakeWorld): Promise<Start> {
  const head = await headVersion(world.db);
  const base = head?.version ?? '0';
  return world.db.transaction(async (tx) => {
    const fixed = await tx.query<{ watermark: string }>(lakeSql.fix_watermark);
    const marked = await tx.query<{ until: string }>(lakeSql.marked_until);
    const unfinished = await tx.query<{ watermark: string | null }>(lakeSql.unfinished_watermark, [
      base,
      world.timeZone,
    ]);
    const earlier = unfinished.rows[0]?.watermark ?? null;
    const watermark = BigInt(earlier ?? fixed.rows[0]!.watermark);
    return { head, base, watermark, markedUntil: marked.rows[0]!.until, resumed: earlier !== null };
  });
}

async function daysToWrite(world: LakeWorld, head: LakeVersion | null, watermark: bigint): Promise<DayRows[]> {
  const values = [String(watermark), world.timeZone];
  const { rows } = head
    ? await world.db.query<{ day: string; rows: string }>(lakeSql.dirty_days, [...values, String(head.watermark)])
    : await world.db.query<{ day: string; rows: string }>(lakeSql.all_days, values);
  return rows.map((row) => ({ day: row.day, rows: Number(row.rows) }));
}

async function businessDay(world: LakeWorld, watermark: bigint): Promise<string> {
  const { rows } = await world.db.query<{ day: string }>(lakeSql.business_day, [String(watermark), world.timeZone]);
  return rows[0]!.day;
}

function unitsOf(files: readonly LakeFile[]): Unit[] {
  const units = new Map(files.map(({ from, to }) => [from, { from: from!, to: to! }]));
  return [...units.values()];
}

async function usableDrafts(world: LakeWorld, base: string, watermark: bigint): Promise<LakeFile[]> {
  const drafts = await draftFiles(world.db, base, watermark);
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
      written.push(...(await world.db.transaction((tx) => addDrafts(tx, files, job.base, world.timeZone))));
      control.onProgress(written.reduce((sum, { rows }) => sum + rows, 0));
    };
    await writeBatch(world, duck, job, batch, csv, onUnit, control);
  }
  return written;
}
