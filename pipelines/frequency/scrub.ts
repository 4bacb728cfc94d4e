// Takes erased people out of results that were published before, so that no file keeps an address that is erased everywhere else.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import { FREQUENCY_FORMATS, type LakeRefresh } from '../contracts/tag-frequency.ts';
import type { StepControl } from '../import/ports.ts';
import { defineChecksum } from '../lake/checksum.ts';
import { headVersion, pathsOf, versionFiles } from '../lake/manifest.ts';
import { refreshLake } from '../lake/refresh.ts';
import { countSql, frequencySql } from './frequency-sql.ts';
import type { FrequencyWorld } from './ports.ts';
import { buildFolder, takePlace, type Manifest } from './result-folder.ts';

type Touched = { id: string; folder: string; erased: string };

/**
 * Refreshes the lake, then writes every result anew in which somebody was counted who has been erased since: whoever is erased
 * leaves both in one step. Killed and called again, it goes on. `anew`: writes all of the lake again.
 * @throws PipelineError `disk_full`, `duckdb_memory`, or the signal's reason
 */
export async function bringUpToDate(world: FrequencyWorld, anew: boolean, control: StepControl): Promise<LakeRefresh> {
  const refreshed = await refreshLake(world, anew, control);
  await scrubErased(world, control);
  return refreshed;
}

/** After a refresh: who is still there is known from the lake's contact files. */
async function scrubErased(world: FrequencyWorld, control: StepControl): Promise<void> {
  const { rows } = await world.db.query<Touched>(frequencySql.touched_by_erasure);
  if (rows.length === 0) return;
  const head = await headVersion(world.db);
  const files = head ? await versionFiles(world.db, head.version) : [];
  const contacts = pathsOf(
    world,
    files.filter(({ kind }) => kind === 'contacts'),
  );
  for (const touched of rows) await scrub(world, touched, contacts, control);
}

async function scrub(
  world: FrequencyWorld,
  { id, folder, erased }: Touched,
  contacts: string[],
  control: StepControl,
): Promise<void> {
  const { resultFolder } = world;
  const text = await resultFolder.read(`${folder}/manifest.json`);
  // Somebody removed old results by hand: then there is nothing to take out.
  if (text === null) {
    await world.db.query(frequencySql.scrubbed, [id, erased, null, null, null]);
    return;
  }
  const { files, ...manifest } = JSON.parse(text) as Manifest;
  const sources = files.filter(({ name }) => name.endsWith('.parquet')).map(({ name }) => `${folder}/${name}`);
  const work = `.work/scrub-${randomUUID()}`;
  await resultFolder.make(work);
  const kept = await world.withDuck(control.signal, async (duck) => {
    await defineChecksum(duck);
    await duck.run(contacts.length > 0 ? withLiterals(countSql.still_there, { contacts }) : countSql.nobody_there);
    const path = resultFolder.at(`${work}/kept.parquet`);
    await duck.run(withLiterals(countSql.write_kept, { files: sources.map((name) => resultFolder.at(name)), path }));
    type Sum = { rows: string; times: string; newest: string | null; checksum: string };
    return (await duck.rows<Sum>(withLiterals(countSql.sum_window, { path })))[0]!;
  });
  const formats = FREQUENCY_FORMATS.filter((format) => files.some(({ name }) => name === `frequency.${format}`));
  const counts = { rows: Number(kept.rows), times: Number(kept.times), checksum: kept.checksum };
  const part = { file: `${work}/kept.parquet`, newestUs: kept.newest, nulls: 0, ...counts };
  const draft = `${work}/publish`;
  await buildFolder(world, draft, [part], formats, { ...manifest, ...counts, erasedSince: Number(erased) }, control);
  const place = folder.lastIndexOf('/');
  await takePlace(world, draft, folder.slice(0, place), folder.slice(place + 1));
  await world.db.query(frequencySql.scrubbed, [id, erased, counts.rows, counts.checksum, counts.times]);
  await resultFolder.remove(work);
}
