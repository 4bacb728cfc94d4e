// `sluice inspect`: what a file is and how it would be read. Writes nothing to the database and needs no server.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { openFile } from '../adapters/files/open-file.ts';
import { spoolFile } from '../adapters/files/spool.ts';
import { CHANNEL_KINDS, type ChannelKind } from '../pipelines/contracts/contact-fields.ts';
import { describeError, PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { targetName, type ColumnReason } from '../pipelines/import/header-mapping.ts';
import { inspectFile, mapColumns } from '../pipelines/import/inspect-file.ts';
import { isBlankRecord } from '../pipelines/import/record-shape.ts';
import { readTableShape, type TableShape } from '../pipelines/import/table-shape.ts';
import { BECAUSE } from './column-table.ts';
import { rowsWriter } from './inspect-rows.ts';
import { collectMap, parseDelimiterOption } from './option-values.ts';
import { answer, say, table } from './output.ts';

interface InspectOptions {
  json?: boolean;
  rows?: boolean;
  out?: string;
  bom?: boolean;
  encoding?: string;
  map?: Record<string, string>;
  delimiter?: string;
  quote?: string;
  kind: ChannelKind;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect <file...>')
    .description('encoding, delimiter, header and meaning of the columns of a file; nothing is imported')
    .option('--rows', 'the table as read, as clean CSV, on stdout')
    .option('--out <dir>', 'with --rows: one file per input, under its own name; never over an input')
    .option('--bom', 'with --rows: begin with a byte order mark, which Excel needs for UTF-8')
    .option('--map <field=column>', 'what a column means, as for an import; may be repeated', collectMap)
    .option('--encoding <name>', 'instead of detecting it')
    .option('--delimiter <char>', 'one of , ; tab |, instead of detecting it', parseDelimiterOption)
    .option('--quote <char>', 'instead of detecting it; none for plain text')
    .addOption(new Option('--kind <kind>', 'what channel it would be for').choices(CHANNEL_KINDS).default('line'))
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice inspect members.csv --json')
    .action(async (files: string[], options: InspectOptions) => {
      if (options.rows) {
        const write = await rowsWriter(files, options, (file, work) =>
          withSpool(file, options, ({ reader }, shape) => work(reader, shape)),
        );
        await forEach(files, write);
        return;
      }
      const reports = await forEach(files, (file) => inspectOne(file, options));
      const shown = reports.filter((report): report is InspectReport => !('error' in report));
      answer(options, reports.length === 1 ? reports[0]! : reports, () => shown.map(render).join('\n\n'));
    });
}

interface InspectReport {
  file: string;
  encoding: string;
  delimiter: string;
  quote: string;
  headerRow: number | null;
  columns: { header: string; field: string | null; confidence: number; why: ColumnReason }[];
  /** The header is likely, not sure: see with `sample` whether it is one. */
  headerGuessed: boolean;
  /** Characters that could not be read in this encoding; U+FFFD stands for each. */
  lostCharacters: number;
  records: number;
  skipped: TableShape['skipped'];
  sample: string[][];
  /** Lines looked at on which a quote breaks the rule, and how many there are. */
  oddQuotes: { count: number; firstLine: number | null };
  /** Records looked at of which a cell holds whole lines: an import takes each for one invalid line. */
  swallowed: { line: number; until: number }[];
  /** What keeps this file from being imported as contacts as it is; null when nothing does. */
  problem: string | null;
  /** What should be known of how the file is read, such as a consent that is left out. */
  warnings: string[];
}

/** Lines of the sample shown. */
const SAMPLE_LINES = 5;

async function inspectOne(file: string, options: InspectOptions): Promise<InspectReport> {
  return withSpool(file, options, async (source, shape) => {
    const { columns, problem, warnings } = await meaningOf(source, shape, options);
    return {
      file,
      encoding: source.encoding,
      delimiter: shape.delimiter,
      quote: shape.quote,
      headerRow: shape.headerRow,
      headerGuessed: shape.headerGuessed,
      columns,
      lostCharacters: source.lostCharacters,
      records: shape.records,
      skipped: shape.skipped,
      sample: shape.data
        .filter((record) => !isBlankRecord(record.fields))
        .slice(0, SAMPLE_LINES)
        .map((record) => record.fields),
      oddQuotes: { count: shape.oddLines.length, firstLine: shape.oddLines[0] ?? null },
      swallowed: shape.data.flatMap(({ line, swallowedUntil: until }) =>
        until === undefined ? [] : [{ line, until }],
      ),
      problem,
      warnings,
    };
  });
}

type Source = Parameters<typeof inspectFile>[0] & { lostCharacters: number };

/** What the columns mean to an import. A table that is no contact list is shown all the same, with the reason. */
async function meaningOf(
  source: Source,
  shape: TableShape,
  options: InspectOptions,
): Promise<Pick<InspectReport, 'columns' | 'problem' | 'warnings'>> {
  const given = { ...declared(options), map: options.map ?? {}, defaultCountry: 'TW', timeZone: 'Asia/Taipei' };
  const problems: PipelineError[] = [];
  const tried = async <T>(work: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      problems.push(error);
      return null;
    }
  };
  // Columns that clash leave the others alone.
  const mapped = await tried(() => mapColumns(shape, shape.data, given, given.timeZone, problems));
  const inspected = problems.length === 0 ? await tried(() => inspectFile(source, given)) : null;
  const columns = mapped
    ? mapped.columns.map(({ header, target, confidence, why }) => ({
        header,
        field: targetName(target),
        confidence,
        why,
      }))
    : shape.headers.map((header) => ({ header, field: null, confidence: 0, why: 'unknown' as const }));
  return {
    columns,
    problem: problems.length === 0 ? null : problems.map(describeError).join(' '),
    warnings: inspected?.profile.warnings ?? [],
  };
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
      const { bytes, encoding, lostCharacters } = spooled;
      const source = { reader, bytes, encoding, lostCharacters };
      return await work(source, await readTableShape(source, declared(options)));
    } finally {
      await reader.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file that has no answer but why. */
interface Failed {
  file: string;
  error: { code: string; message: string; hint: string | null };
}

/** Does it for each file, whatever becomes of the others; says what went wrong, and that something did. One file fails as a call. */
async function forEach<T>(files: string[], work: (file: string) => Promise<T>): Promise<(T | Failed)[]> {
  const ended: (T | Failed)[] = [];
  for (const file of files)
    try {
      ended.push(await work(file));
    } catch (error) {
      if (files.length === 1 || !(error instanceof PipelineError)) throw error;
      const { code, message, hint = null } = error;
      say(`sluice: ${file}: ${[message, hint].filter(Boolean).join(' ')}`);
      process.exitCode = 1;
      ended.push({ file, error: { code, message, hint } });
    }
  return ended;
}

function headerOf({ headerRow, headerGuessed }: InspectReport): string {
  if (headerRow === null) return 'no header';
  return `header in line ${headerRow}${headerGuessed ? ' (a guess)' : ''}`;
}

function render(report: InspectReport): string {
  const { blank, preamble, header, footer } = report.skipped;
  return [
    `${report.file}: ${report.encoding}, delimiter ${JSON.stringify(report.delimiter)}, ${headerOf(report)}`,
    ...(report.lostCharacters === 0
      ? []
      : [
          `${report.lostCharacters} characters cannot be read as ${report.encoding}: � stands for each, and lines with one in a key or name are invalid${report.encoding === 'big5' ? '; characters of Hong Kong want --encoding big5-hkscs' : ''}`,
        ]),
    `about ${report.records} records; skipped so far: blank ${blank}, preamble ${preamble}, header ${header}, footer ${footer}`,
    table(
      ['column', 'read as', 'because', 'first values'],
      report.columns.map((column, index) => [
        column.header,
        column.field ?? '(ignored)',
        BECAUSE[column.why],
        report.sample
          .slice(0, 3)
          .map((row) => (row[index] ?? '').replace(/\s+/g, ' '))
          .join(' | '),
      ]),
    ),
    ...(report.oddQuotes.count === 0
      ? []
      : [
          `${report.oddQuotes.count} of the records looked at have quotes that break the rule, the first in line ${report.oddQuotes.firstLine}: see that it is read as it is meant`,
        ]),
    ...report.swallowed.map(
      ({ line, until }) =>
        `A cell of lines ${line} to ${until} holds whole lines: a quote too many swallowed them, and an import would take them for one invalid line`,
    ),
    ...report.warnings.map((warning) => `Note: ${warning}`),
    ...(report.problem === null ? [] : [`Not importable as it is: ${report.problem}`]),
  ].join('\n');
}
