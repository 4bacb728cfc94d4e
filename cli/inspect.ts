// `sluice inspect`: what a file is and how it would be read. Writes nothing to the database and needs no server.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { openFile, writeWhole } from '../adapters/files/open-file.ts';
import { spoolFile } from '../adapters/files/spool.ts';
import { CHANNEL_KINDS, type ChannelKind } from '../pipelines/contracts/contact-fields.ts';
import { describeError, PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { inspectFile } from '../pipelines/import/inspect-file.ts';
import { marksOf } from '../pipelines/import/marks.ts';
import { readRecordBlocks, type FileReader } from '../pipelines/import/record-blocks.ts';
import { readRecords } from '../pipelines/import/read-records.ts';
import { isBlankRecord, readTableShape, type TableShape } from '../pipelines/import/table-shape.ts';
import { csvCell } from '../pipelines/reports/csv-cell.ts';
import { parseDelimiterOption } from './option-values.ts';
import { answer, table } from './output.ts';

interface InspectOptions {
  json?: boolean;
  rows?: boolean;
  out?: string;
  encoding?: string;
  delimiter?: string;
  quote?: string;
  kind: ChannelKind;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect <file...>')
    .description('encoding, delimiter, header and meaning of the columns of a file; nothing is imported')
    .option('--rows', 'the table as read, as clean CSV, on stdout')
    .option('--out <dir>', 'with --rows: one file per input, under its own name')
    .option('--encoding <name>', 'instead of detecting it')
    .option('--delimiter <char>', 'one of , ; tab |, instead of detecting it', parseDelimiterOption)
    .option('--quote <char>', 'instead of detecting it; none for plain text')
    .addOption(new Option('--kind <kind>', 'what channel it would be for').choices(CHANNEL_KINDS).default('line'))
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice inspect members.csv --json')
    .action(async (files: string[], options: InspectOptions) => {
      if (options.rows) return printRows(files, options);
      const reports = await Promise.all(files.map((file) => inspectOne(file, options)));
      answer(options, reports.length === 1 ? reports[0]! : reports, () => reports.map(render).join('\n\n'));
    });
}

interface InspectReport {
  file: string;
  encoding: string;
  delimiter: string;
  quote: string;
  headerRow: number | null;
  columns: { header: string; field: string | null; confidence: number }[];
  records: number;
  skipped: TableShape['skipped'];
  sample: string[][];
  /** What keeps this file from being imported as contacts as it is; null when nothing does. */
  problem: string | null;
}

/** Lines of the sample shown. */
const SAMPLE_LINES = 5;

async function inspectOne(file: string, options: InspectOptions): Promise<InspectReport> {
  return withSpool(file, options, async (source, shape) => {
    const { columns, problem } = await meaningOf(source, shape, options);
    return {
      file,
      encoding: source.encoding,
      delimiter: shape.delimiter,
      quote: shape.quote,
      headerRow: shape.headerRow,
      columns,
      records: shape.records,
      skipped: shape.skipped,
      sample: shape.data
        .filter((record) => !isBlankRecord(record))
        .slice(0, SAMPLE_LINES)
        .map((record) => record.fields),
      problem,
    };
  });
}

type Source = Parameters<typeof inspectFile>[0];

/** What the columns mean to an import. A table that is no contact list is shown all the same, with the reason. */
async function meaningOf(
  source: Source,
  shape: TableShape,
  options: InspectOptions,
): Promise<Pick<InspectReport, 'columns' | 'problem'>> {
  try {
    const { profile } = await inspectFile(source, {
      ...declared(options),
      defaultCountry: 'TW',
      timeZone: 'Asia/Taipei',
    });
    const columns = profile.columns.map(({ header, field, confidence }) => ({ header, field, confidence }));
    return { columns, problem: null };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    const columns = shape.headers.map((header) => ({ header, field: null, confidence: 0 }));
    return { columns, problem: describeError(error) };
  }
}

const declared = (options: InspectOptions) => ({
  channelKind: options.kind,
  delimiter: options.delimiter ?? null,
  quote: options.quote ?? null,
});

/** Spools a file into a temporary folder, looks at its shape, and hands both on; the folder goes again. */
async function withSpool<T>(
  file: string,
  options: InspectOptions,
  work: (source: Source, shape: TableShape) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-inspect-'));
  try {
    const spooled = await spoolFile({
      path: path.resolve(file),
      spoolDir: folder,
      ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
    });
    const reader = await openFile(spooled.path);
    try {
      const source = { reader, bytes: spooled.bytes, encoding: spooled.encoding };
      return await work(source, await readTableShape(source, declared(options)));
    } finally {
      await reader.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function printRows(files: string[], options: InspectOptions): Promise<void> {
  if (files.length > 1 && options.out === undefined)
    throw new PipelineError('out_missing', 'Several files cannot share stdout.', { hint: 'Add --out DIR.' });
  if (options.out !== undefined) await mkdir(options.out, { recursive: true });
  for (const file of files)
    await withSpool(file, options, async (source, shape) => {
      const rows = cleanRows(source.reader, shape);
      if (options.out !== undefined) await writeWhole(options.out, path.basename(file), rows);
      else for await (const text of rows) process.stdout.write(text);
    });
}

/** Header and records as comma-separated CSV with \n, quoted where needed; blank records are left out. */
async function* cleanRows(reader: FileReader, shape: TableShape): AsyncGenerator<string> {
  if (shape.headerRow !== null) yield csvLine(shape.headers);
  const { dataByte, dataLine } = shape;
  const blocks = readRecordBlocks({ reader, fromByte: dataByte, firstLine: dataLine, ...marksOf(shape) });
  for await (const block of blocks) {
    let text = '';
    for (const record of readRecords(block, shape).records) if (!isBlankRecord(record)) text += csvLine(record.fields);
    yield text;
  }
}

function csvLine(fields: string[]): string {
  return `${fields.map((field) => csvCell(field, ',')).join(',')}\n`;
}

function render(report: InspectReport): string {
  const { blank, preamble, header, footer } = report.skipped;
  return [
    `${report.file}: ${report.encoding}, delimiter ${JSON.stringify(report.delimiter)}, header in line ${report.headerRow ?? 'none'}`,
    `about ${report.records} records; skipped so far: blank ${blank}, preamble ${preamble}, header ${header}, footer ${footer}`,
    table(
      ['column', 'read as', 'confidence', 'first values'],
      report.columns.map((column, index) => [
        column.header,
        column.field ?? '(ignored)',
        column.confidence.toFixed(2),
        report.sample
          .slice(0, 3)
          .map((row) => row[index] ?? '')
          .join(' | '),
      ]),
    ),
    ...(report.problem === null ? [] : [`Not importable as it is: ${report.problem}`]),
  ].join('\n');
}
