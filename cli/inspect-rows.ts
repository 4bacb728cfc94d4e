// `sluice inspect --rows`: tables as read, as clean CSV on stdout or one file for each input. Never over a file that was named.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeWhole } from '../adapters/files/open-file.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { marksOf } from '../pipelines/source/marks.ts';
import { readRecords } from '../pipelines/source/read-records.ts';
import { readRecordBlocks, type FileReader } from '../pipelines/source/record-blocks.ts';
import { hasColumnCount, isBlankRecord } from '../pipelines/source/record-shape.ts';
import type { TableShape } from '../pipelines/source/table-shape.ts';
import { BOM, csvCell } from '../pipelines/values/csv-cell.ts';

/** A spooled file, and a look at its shape. */
export type WithTable = (file: string, work: (reader: FileReader, shape: TableShape) => Promise<void>) => Promise<void>;

interface RowsOptions {
  out?: string;
  bom?: boolean;
}

/**
 * What writes the rows of one file, after all of them were looked at together. With `out` the folder is made.
 * @throws PipelineError `out_missing`, `out_names_equal`; the writer itself: `out_is_source`
 */
export async function rowsWriter(
  files: string[],
  { out, bom }: RowsOptions,
  withTable: WithTable,
): Promise<(file: string) => Promise<void>> {
  const write = async (file: string, put: (rows: AsyncGenerator<string>) => Promise<void>) =>
    withTable(file, async (reader, shape) => put(cleanRows(reader, shape, bom === true)));
  if (out === undefined) {
    if (files.length > 1)
      throw new PipelineError('out_missing', 'Several files cannot share stdout.', { hint: 'Add --out DIR.' });
    return (file) =>
      write(file, async (rows) => {
        for await (const text of rows) process.stdout.write(text);
      });
  }
  refuseEqualNames(files);
  await mkdir(out, { recursive: true });
  const sources = new Set(await Promise.all(files.map(placeOf)));
  return async (file) => {
    const name = path.basename(file);
    const place = await placeOf(path.join(out, name));
    if (place !== null && sources.has(place))
      throw new PipelineError('out_is_source', `${path.join(out, name)} is the file that is read.`, {
        hint: 'Name another folder by --out.',
      });
    await write(file, async (rows) => void (await writeWhole(out, name, rows)));
  };
}

/** @throws PipelineError `out_names_equal` */
function refuseEqualNames(files: string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    // Some systems take names for equal that differ in case.
    const name = path.basename(file).toLowerCase();
    const earlier = seen.get(name);
    if (earlier !== undefined)
      throw new PipelineError('out_names_equal', `${earlier} and ${file} would be written to one file.`, {
        hint: 'Nothing was written. Give them in two calls with two folders.',
      });
    seen.set(name, file);
  }
}

/** What tells a file from another, by whatever path; null when there is none. */
async function placeOf(file: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(file);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Header and records as comma-separated CSV with \n, quoted where needed; blank records are left out. */
async function* cleanRows(reader: FileReader, shape: TableShape, bom: boolean): AsyncGenerator<string> {
  if (bom) yield BOM;
  if (shape.headerRow !== null) yield csvLine(shape.headers);
  const { dataByte, dataLine, dataEnd } = shape;
  const blocks = readRecordBlocks({
    reader,
    fromByte: dataByte,
    untilByte: dataEnd,
    firstLine: dataLine,
    ...marksOf(shape),
  });
  for await (const block of blocks) {
    let text = '';
    for (const record of readRecords(block, shape).records)
      if (!isBlankRecord(record.fields)) text += csvLine(tidied(record.fields, shape.headers.length));
    yield text;
  }
}

/** A row without the blank cells that stand behind its table, and without the half of a doubled line break at its end. */
function tidied(fields: string[], width: number): string[] {
  const kept = hasColumnCount(fields, width) ? fields.slice(0, width) : fields;
  return kept.at(-1)!.endsWith('\r') ? kept.with(-1, withoutReturns(kept.at(-1)!)) : kept;
}

/** A loop: a pattern for the end of a text begins anew at each of its returns. */
function withoutReturns(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\r') end -= 1;
  return text.slice(0, end);
}

function csvLine(fields: string[]): string {
  return `${fields.map((field) => csvCell(field, ',')).join(',')}\n`;
}
