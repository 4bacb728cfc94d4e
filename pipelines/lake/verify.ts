// Compares the lake with the log it was derived from: files by fingerprint, rows and content unit by unit.
import { withLiterals } from '../../sql/named.ts';
import type { StepControl } from '../../ports/step-control.ts';
import type { LakeCheck } from '../../contracts/tag-frequency.ts';
import { daysOfLog, spanOf } from './business-days.ts';
import { defineChecksum } from './checksum.ts';
import { fixErasures, openErased } from './erased.ts';
import { lakeFilesSql, lakeSql } from './lake-sql.ts';
import { headVersion, pathsOf, versionFiles, type LakeFile, type LakeVersion } from './manifest.ts';
import type { Duck } from '../../ports/duck.ts';
import type { LakeWorld } from './ports.ts';

/** What is wrong with the newest version, in words that name file or days; nothing wrong is an empty list. Changes nothing. */
export async function verifyLake(world: LakeWorld, control: StepControl): Promise<LakeCheck> {
  const head = await headVersion(world.db);
  if (!head) return { version: null, files: 0, rows: 0, problems: [] };
  const files = await versionFiles(world.db, head.version);
  const problems: string[] = [];
  for (const file of files) {
    const found = await world.lakeFolder.fingerprint(file.path);
    if (found === null) problems.push(`${file.path}: is missing`);
    else if (found.sha256 !== file.sha256) problems.push(`${file.path}: is not what was written`);
    control.signal.throwIfAborted();
  }
  const events = files.filter(({ kind }) => kind === 'events');
  if (problems.length === 0)
    await world.withDuck(control.signal, async (duck) => {
      await defineChecksum(duck);
      // Who was erased since the version is no longer in the log, and leaves the lake at the next refresh.
      await openErased(world, duck, { after: head.erasedThrough, through: await fixErasures(world.db) }, control);
      problems.push(...(await compareUnits(world, duck, head, files, control)));
    });
  problems.push(...(await daysWithoutFiles(world, head, events)));
  return { version: head.version, files: files.length, rows: head.rows, problems };
}

type Sum = { rows: string; checksum: string };

async function compareUnits(
  world: LakeWorld,
  duck: Duck,
  head: LakeVersion,
  files: LakeFile[],
  control: StepControl,
): Promise<string[]> {
  const problems: string[] = [];
  const events = files.filter(({ kind }) => kind === 'events');
  const tags = pathsOf(
    world,
    files.filter(({ kind }) => kind === 'tags'),
  );
  await duck.run(tags.length === 0 ? lakeFilesSql.no_tags : withLiterals(lakeFilesSql.open_tags, { tags }));
  let rows = 0;
  for (const from of new Set(events.map((file) => file.from))) {
    const unit = events.filter((file) => file.from === from);
    const places = { files: pathsOf(world, unit) };
    const lake = (await duck.rows<Sum>(withLiterals(lakeFilesSql.unit_checksum, places)))[0]!;
    const span = spanOf({ from: from!, to: unit[0]!.to! }, head.timeZone);
    const values = [span.from, span.to, String(head.watermark)];
    const log = (await world.db.query<Sum>(lakeSql.log_checksum, values)).rows[0]!;
    if (lake.rows !== log.rows || lake.checksum !== log.checksum)
      problems.push(`${from} to ${unit[0]!.to}: ${lake.rows} events in the lake, ${log.rows} in the log, or others`);
    rows += Number(lake.rows);
    control.onProgress(rows);
  }
  return problems;
}

async function daysWithoutFiles(world: LakeWorld, head: LakeVersion, events: LakeFile[]): Promise<string[]> {
  const days = await daysOfLog(world.db, head.timeZone, head.watermark, null);
  return days
    .filter(({ day }) => !events.some(({ from, to }) => from! <= day && day < to!))
    .map(({ day }) => `${day}: has events in the log and no file in the lake`);
}
