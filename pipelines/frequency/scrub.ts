// Takes erased people out of results that were published before, so that no file keeps an address that is erased everywhere else.
import { randomUUID } from 'node:crypto';
import { withLiterals } from '../../sql/named.ts';
import type { FrequencyFormat } from '../contracts/tag-frequency.ts';
import { FREQUENCY_FORMATS } from '../contracts/tag-frequency.ts';
import type { StepControl } from '../import/ports.ts';
import { defineChecksum } from '../lake/checksum.ts';
import { headVersion, versionFiles } from '../lake/manifest.ts';
import { countSql, frequencySql } from './frequency-sql.ts';
import type { FrequencyWorld } from './ports.ts';
import { buildFolder, takePlace, type Manifest } from './result-folder.ts';

type Touched = { id: string; folder: string; erased: string };

/**
 * Writes every result anew in which somebody was counted who has been erased since. Call it after a refresh of the lake: who is
 * still there is known from its contact files. Gives the number of results; calling it again finds none.
 */
export async function scrubErased(world: FrequencyWorld, control: StepControl): Promise<number> {
  const { rows } = await world.db.query<Touched>(frequencySql.touched_by_erasure);
  if (rows.length === 0) return 0;
  const head = await headVersion(world.db);
  const files = head ? await versionFiles(world.db, head.version) : [];
  const contacts = files.filter(({ kind }) => kind === 'contacts').map(({ path }) => world.lakeFolder.at(path));
  for (const touched of rows) await scrub(world, touched, contacts, control);
  return rows.length;
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
  const formats = FREQUENCY_FORMATS.filter((format): format is FrequencyFormat =>
    files.some(({ name }) => name === `frequency.${format}`),
  );
  const counts = { rows: Number(kept.rows), times: Number(kept.times), checksum: kept.checksum };
  const part = { file: `${work}/kept.parquet`, newestUs: kept.newest, nulls: 0, ...counts };
  const draft = `${work}/publish`;
  await buildFolder(world, draft, [part], formats, { ...manifest, ...counts, erasedSince: Number(erased) }, control);
  const place = folder.lastIndexOf('/');
  await takePlace(world, draft, folder.slice(0, place), folder.slice(place + 1));
  await world.db.query(frequencySql.scrubbed, [id, erased, counts.rows, counts.checksum, counts.times]);
  await resultFolder.remove(work);
}
