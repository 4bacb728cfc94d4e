// Writes the files of units: days from the log by COPY, the rest from the present files, sorted by contact.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { lakeFilesSql, lakeSql } from './lake-sql.ts';
import { spanOf } from './business-days.ts';
import { pathsOf, type Basis, type LakeFile, type NewFile } from './manifest.ts';
import type { Duck } from '../../ports/duck.ts';
import type { LakeWorld } from './ports.ts';
import { numberLoaded } from './tag-numbers.ts';
import { bucketsFor, spans, type Unit, type UnitWork } from './units.ts';

export interface UnitJob extends Basis {
  /** Days that are not dirty have no events: the log is read in long strokes. */
  whole: boolean;
  /** Files of that version. */
  present: readonly LakeFile[];
}

/** Copies the dirty days of a batch out of Postgres; gives names of CSV files under the lake's folder. */
export async function copyBatch(
  world: LakeWorld,
  job: UnitJob,
  batch: readonly UnitWork[],
  { signal }: StepControl,
): Promise<string[]> {
  const days = batch.flatMap(({ dirty }) => dirty.map(({ day }) => day));
  const names: string[] = [];
  for (const span of spans(days, job.whole)) {
    const name = `.${randomUUID()}.csv`;
    const { from, to } = spanOf(span, job.timeZone);
    await world.db.transaction(
      async (tx) => {
        await tx.query(
          `select set_config('timezone', 'UTC', true), set_config('sluice.from', $1, true), set_config('sluice.to', $2, true),
                  set_config('sluice.watermark', $3, true)`,
          [from, to, String(job.watermark)],
        );
        await tx.copyOut(lakeSql.copy_events, world.lakeFolder.sink(name));
      },
      { signal },
    );
    names.push(name);
  }
  return names;
}

/** Turns the CSV files of a batch into Parquet, unit by unit, and removes them. */
export async function writeBatch(
  world: LakeWorld,
  duck: Duck,
  job: UnitJob,
  batch: readonly UnitWork[],
  csv: readonly string[],
  onUnit: (files: NewFile[]) => Promise<void>,
  control: StepControl,
): Promise<void> {
  await duck.run(lakeFilesSql.begin_events);
  for (const name of csv) await duck.run(withLiterals(lakeFilesSql.load_events, { csv: world.lakeFolder.at(name) }));
  for (const name of csv) await world.lakeFolder.remove(name);
  await numberLoaded(world, duck, job.base, control);
  for (const work of batch) {
    await keepCleanDays(world, duck, job, work);
    await onUnit(await writeUnit(world, duck, job, work.unit));
  }
}

async function keepCleanDays(world: LakeWorld, duck: Duck, job: UnitJob, work: UnitWork): Promise<void> {
  const old = job.present.filter(({ from }) => work.replaces.some((unit) => unit.from === from));
  if (old.length === 0 || job.whole) return;
  const anew = spans(
    work.dirty.map(({ day }) => day),
    false,
  ).map((span) => spanOf(span, job.timeZone));
  await duck.run(
    withLiterals(lakeFilesSql.keep_events, {
      files: pathsOf(world, old),
      froms: anew.map(({ from }) => from),
      tos: anew.map(({ to }) => to),
    }),
  );
}

async function writeUnit(world: LakeWorld, duck: Duck, job: UnitJob, unit: Unit): Promise<NewFile[]> {
  const range = spanOf(unit, job.timeZone);
  const counted = await duck.rows<{ rows: string }>(withLiterals(lakeFilesSql.count_unit, range));
  const rows = Number(counted[0]!.rows);
  const buckets = bucketsFor(rows, world.division);
  const files: NewFile[] = [];
  for (let bucket = 0; rows > 0 && bucket < buckets; bucket += 1) {
    const path = `events/${unit.from}_${unit.to}.${bucket}of${buckets}.${randomUUID()}.parquet`;
    const statement = { ...range, buckets, bucket, path: world.lakeFolder.at(path) };
    const written = await duck.rows<{ Count: string }>(withLiterals(lakeFilesSql.write_events, statement));
    const { bytes, sha256 } = await world.lakeFolder.seal(path);
    const mine = { path, kind: 'events' as const, ...unit, bucket, buckets, watermark: job.watermark };
    files.push({ ...mine, rows: Number(written[0]!.Count), bytes, sha256 });
  }
  return files;
}
