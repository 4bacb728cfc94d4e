// A folder with one window's result: Parquet, what else was asked for, and a manifest. It is built aside and comes whole.
import type { ColumnarFile } from '../../adapters/arrow/ipc-file.ts';
import { withLiterals } from '../../sql/named.ts';
import type { FrequencyFormat, PartCount } from '../contracts/tag-frequency.ts';
import type { StepControl } from '../import/ports.ts';
import { countSql } from './frequency-sql.ts';
import type { FrequencyWorld, ResultRow } from './ports.ts';

const ARROW_COLUMNS: ColumnarFile<ResultRow>['columns'] = [
  ['channelId', 'text'],
  ['contactId', 'long'],
  ['socialId', 'text'],
  ['tag', 'text'],
  ['times', 'long'],
  ['firstAt', 'timeMicros'],
  ['lastAt', 'timeMicros'],
];

export interface Manifest {
  window: string;
  from: string;
  to: string;
  asOf: string;
  knownAt: string;
  channel: string | null;
  timeZone: string;
  lakeVersion: string;
  rows: number;
  times: number;
  checksum: string;
  erasedSince: number;
  files: { name: string; bytes: number; sha256: string }[];
}

/** Parquet always; one file a part. */
export async function buildFolder(
  world: FrequencyWorld,
  folder: string,
  parts: PartCount['windows'],
  formats: readonly FrequencyFormat[],
  manifest: Omit<Manifest, 'files'>,
  control: StepControl,
): Promise<void> {
  const { resultFolder } = world;
  await resultFolder.make(folder);
  const names = parts.map((_, part) => (parts.length === 1 ? 'frequency.parquet' : `frequency-${part}.parquet`));
  for (const [part, { file }] of parts.entries()) await resultFolder.alias(file, `${folder}/${names[part]!}`);
  const sources = names.map((name) => resultFolder.at(`${folder}/${name}`));
  for (const format of formats) {
    if (format === 'parquet') continue;
    await writeFormat(world, format, sources, resultFolder.at(`${folder}/frequency.${format}`), control);
    names.push(`frequency.${format}`);
  }
  const files: Manifest['files'] = [];
  for (const name of names) files.push({ name, ...(await resultFolder.seal(`${folder}/${name}`)) });
  await resultFolder.write(`${folder}/manifest.json`, `${JSON.stringify({ ...manifest, files }, null, 2)}\n`);
}

/** The rows of Parquet files as one file, in the order of channel, social id and tag. Replaces what is there. */
export async function writeFormat(
  world: FrequencyWorld,
  format: FrequencyFormat,
  sources: string[],
  path: string,
  control: StepControl,
): Promise<void> {
  await world.withDuck(control.signal, async (duck) => {
    if (format === 'arrow') {
      const pages = duck.pages<ResultRow>(withLiterals(countSql.rows_in_order, { files: sources }));
      await world.writeArrow({ path, columns: ARROW_COLUMNS, pages });
    } else {
      const statements = { csv: countSql.write_csv, json: countSql.write_json, parquet: countSql.write_parquet };
      await duck.run(withLiterals(statements[format], { files: sources, path }));
    }
  });
}

/**
 * Puts a built folder where readers look; gives its name. One that is there already, of the same answer, keeps its place and
 * gets the files that it lacks; one of another answer, which can only be from before an erasure, gives way.
 */
export async function takePlace(world: FrequencyWorld, draft: string, parent: string, name: string): Promise<string> {
  const { resultFolder } = world;
  const place = `${parent}/${name}`;
  const mine = JSON.parse((await resultFolder.read(`${draft}/manifest.json`))!) as Manifest;
  const there = await resultFolder.read(`${place}/manifest.json`);
  if (there === null) {
    await resultFolder.remove(place);
    await resultFolder.rename(draft, place);
    return place;
  }
  const old = JSON.parse(there) as Manifest;
  if (old.checksum !== mine.checksum || old.rows !== mine.rows) {
    // Two renames and no moment at which a folder is there by half; for an instant there is none.
    await resultFolder.rename(place, `${draft}-old`);
    await resultFolder.rename(draft, place);
    return place;
  }
  // Its Parquet files stay: readers may have them open, and the other parts may be divided otherwise.
  const missing = mine.files.filter(
    (file) => !file.name.endsWith('.parquet') && !old.files.some(({ name: known }) => known === file.name),
  );
  for (const file of missing) await resultFolder.alias(`${draft}/${file.name}`, `${place}/${file.name}`);
  if (missing.length > 0) {
    const files = [...old.files, ...missing];
    await resultFolder.write(`${place}/manifest.json`, `${JSON.stringify({ ...old, files }, null, 2)}\n`);
  }
  return place;
}
