// A folder with one window's result: Parquet, what else was asked for, and a manifest. It is built aside and comes whole.
import type { ColumnarFile } from '../../ports/columnar-file.ts';
import { withLiterals } from '../../sql/named.ts';
import type { FrequencyFormat, PartCount } from '../../contracts/tag-frequency.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { countSql } from './frequency-sql.ts';
import type { FrequencyWorld, ResultRow } from './ports.ts';
import { writeManifest, type Manifest } from './manifest.ts';

const ARROW_COLUMNS: ColumnarFile<ResultRow>['columns'] = [
  ['channelId', 'text'],
  ['contactId', 'long'],
  ['socialId', 'text'],
  ['tag', 'text'],
  ['times', 'long'],
  ['firstAt', 'timeMicros'],
  ['lastAt', 'timeMicros'],
];

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
  await writeManifest(world, folder, { ...manifest, files });
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
