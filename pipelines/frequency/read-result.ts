// Reading a published result: its rows in order, its most frequent ones, or all of it as one file of another format.
import { withLiterals } from '../../sql/named.ts';
import type { FrequencyFormat } from '../../contracts/tag-frequency.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { countSql } from './frequency-sql.ts';
import type { FrequencyWorld, ResultRow } from './ports.ts';
import { writeFormat } from './result-folder.ts';
import { readPlace, wholeResult } from './result-place.ts';

/**
 * Its Parquet files, when all its files are as they were written. @throws PipelineError `result_missing` when this machine does not
 * see the folder; `result_damaged`
 */
async function sourcesOf(world: FrequencyWorld, folder: string): Promise<string[]> {
  return readPlace(world, folder, () => wholeSources(world, folder));
}

async function wholeSources(world: FrequencyWorld, folder: string): Promise<string[]> {
  if ((await world.resultFolder.read(`${folder}/manifest.json`)) === null) throw resultMissing(folder);
  const manifest = await wholeResult(world, folder);
  if (manifest === null)
    throw new PipelineError('result_damaged', `Files of the published result ${folder} are not what was written.`, {
      hint: 'Ask again with the same as-of and known-at: it is computed again.',
    });
  return manifest.files
    .filter(({ name }) => name.endsWith('.parquet'))
    .map(({ name }) => world.resultFolder.at(`${folder}/${name}`));
}

/** Hands all rows to `use`, a page at a time, by channel, social id and tag. */
export async function readRows(
  world: FrequencyWorld,
  folder: string,
  { signal }: StepControl,
  use: (page: ResultRow[]) => void,
): Promise<void> {
  const files = await sourcesOf(world, folder);
  await world.withDuck(signal, async (duck) => {
    for await (const page of duck.pages<ResultRow>(withLiterals(countSql.rows_in_order, { files }))) use(page);
  });
}

/** The rows with the most times. */
export async function mostFrequent(
  world: FrequencyWorld,
  folder: string,
  most: number,
  { signal }: StepControl,
): Promise<ResultRow[]> {
  return readPlace(world, folder, async () => {
    const files = await wholeSources(world, folder);
    return world.withDuck(signal, (duck) => duck.rows(withLiterals(countSql.most_frequent, { files, most })));
  });
}

/** All rows as one file, outside the data folder if wanted. Replaces `path`. */
export async function exportResult(
  world: FrequencyWorld,
  folder: string,
  format: FrequencyFormat,
  path: string,
  control: StepControl,
): Promise<void> {
  await readPlace(world, folder, async () =>
    writeFormat(world, format, await wholeSources(world, folder), path, control),
  );
}

export function resultMissing(folder: string): PipelineError {
  return new PipelineError('result_missing', `The published result ${folder} is not in the data folder.`, {
    hint: 'Workers and commands must see the same data folder; the same as-of and known-at compute it again.',
  });
}
