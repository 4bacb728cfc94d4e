// `sluice inspect`: what a file is and how it would be read. Writes nothing to the database and needs no server.
import { Option, type Command } from 'commander';
import { CHANNEL_KINDS } from '../contracts/channel-kinds.ts';
import { describeError, PipelineError } from '../contracts/pipeline-error.ts';
import { targetName } from '../pipelines/import/header-mapping.ts';
import type { ColumnReason } from '../pipelines/import/column-meaning.ts';
import { inspectFile, mapColumns } from '../pipelines/import/inspect-file.ts';
import { isBlankRecord } from '../pipelines/source/record-shape.ts';
import type { TableShape } from '../pipelines/source/table-shape.ts';
import { BECAUSE } from './column-table.ts';
import { rowsWriter } from './inspect-rows.ts';
import { declared, withTable, type InspectedSource, type SourceOptions } from './inspect-source.ts';
import { collectMap, parseDelimiterOption } from './option-values.ts';
import { answer, counted, say, table } from './output.ts';

interface InspectOptions extends SourceOptions {
  json?: boolean;
  rows?: boolean;
  out?: string;
  bom?: boolean;
  map?: Record<string, string>;
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
          withTable(file, options, ({ reader }, shape) => work(reader, shape)),
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
  /** The file holds no table: no byte, a byte order mark alone, or blank lines. */
  empty: boolean;
  delimiter: string;
  quote: string;
  headerRow: number | null;
  /** All rows of the header: several were joined, which is a guess. `headerRow` is the last. */
  headerRows: number[];
  columns: { header: string; field: string | null; confidence: number; why: ColumnReason }[];
  /** The header is likely, not sure: see with `sample` whether it is one. */
  headerGuessed: boolean;
  /** Characters that could not be read in this encoding; U+FFFD stands for each. */
  lostCharacters: number;
  /** Data records that are not blank; an estimate unless `recordsExact`. */
  records: number;
  recordsExact: boolean;
  skipped: TableShape['skipped'];
  sample: string[][];
  /** Lines looked at on which a quote breaks the rule, and how many there are. */
  oddQuotes: { count: number; firstLine: number | null };
  /** Records looked at of which a cell holds whole lines: an import takes each for one invalid line. */
  swallowed: { line: number; until: number }[];
  /** Records looked at in which a carriage return stands by itself outside quotes: each is one invalid line to an import. */
  bareReturns: { count: number; firstLine: number | null };
  /** What keeps this file from being imported as contacts as it is; null when nothing does. */
  problem: string | null;
  /** What should be known of how the file is read, such as a consent that is left out. */
  warnings: string[];
}

/** Lines of the sample shown. */
const SAMPLE_LINES = 5;

async function inspectOne(file: string, options: InspectOptions): Promise<InspectReport> {
  return withTable(file, options, async (source, shape) => {
    const { columns, problem, warnings } = await meaningOf(source, shape, options);
    return {
      file,
      encoding: source.encoding,
      empty: source.empty !== null,
      delimiter: shape.delimiter,
      quote: shape.quote,
      headerRow: shape.headerRow,
      headerRows: shape.headerRows,
      headerGuessed: shape.headerGuessed,
      columns,
      lostCharacters: source.lostCharacters,
      records: shape.records,
      recordsExact: shape.recordsExact,
      skipped: shape.skipped,
      sample: shape.data
        .filter((record) => !isBlankRecord(record.fields))
        .slice(0, SAMPLE_LINES)
        .map((record) => record.fields),
      oddQuotes: { count: shape.oddLines.length, firstLine: shape.oddLines[0] ?? null },
      swallowed: shape.data.flatMap(({ line, swallowedUntil: until }) =>
        until === undefined ? [] : [{ line, until }],
      ),
      bareReturns: bareReturnsOf(shape),
      problem,
      warnings,
    };
  });
}

function bareReturnsOf({ data }: TableShape): InspectReport['bareReturns'] {
  const lines = data.filter((record) => record.bareReturn === true).map(({ line }) => line);
  return { count: lines.length, firstLine: lines[0] ?? null };
}

/** What the columns mean to an import. A table that is no contact list is shown all the same, with the reason. */
async function meaningOf(
  source: InspectedSource,
  shape: TableShape,
  options: InspectOptions,
): Promise<Pick<InspectReport, 'columns' | 'problem' | 'warnings'>> {
  // There is nothing to map, and an import says what the file's own problem is.
  if (source.empty !== null) return { columns: [], problem: describeError(source.empty), warnings: [] };
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

function headerOf({ headerRow, headerRows, headerGuessed }: InspectReport): string {
  if (headerRow === null) return 'no header';
  if (headerRows.length > 1) return `header in lines ${headerRows[0]} to ${headerRow}, joined (a guess)`;
  return `header in line ${headerRow}${headerGuessed ? ' (a guess)' : ''}`;
}

/** Of a long file only the beginning was looked at. */
function recordsOf({ records, recordsExact }: InspectReport): string {
  return `${recordsExact ? '' : 'about '}${counted(records, 'record')}; skipped so far`;
}

function render(report: InspectReport): string {
  const { blank, preamble, header, footer } = report.skipped;
  if (report.empty)
    return `${report.file}: ${report.encoding}. The file is empty: no header and no records${blank === 0 ? '' : `, ${blank} blank lines`}.\nNot importable as it is: ${report.problem}`;
  return [
    `${report.file}: ${report.encoding}, delimiter ${JSON.stringify(report.delimiter)}, ${headerOf(report)}`,
    ...(report.lostCharacters === 0
      ? []
      : [
          `${report.lostCharacters} characters cannot be read as ${report.encoding}: � stands for each, and lines with one in a key or name are invalid${report.encoding === 'big5' ? '; characters of Hong Kong want --encoding big5-hkscs' : ''}`,
        ]),
    `${recordsOf(report)}: blank ${blank}, preamble ${preamble}, header ${header}, footer ${footer}`,
    ...(report.records === 0 && report.headerRow !== null ? ['The file holds a header and no records'] : []),
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
    ...(report.bareReturns.count === 0
      ? []
      : [
          `${report.bareReturns.count} of the records looked at hold a carriage return that ends no line of this file, the first in line ${report.bareReturns.firstLine}: most likely two lines each, and an import takes each for one invalid line`,
        ]),
    ...report.warnings.map((warning) => `Note: ${warning}`),
    ...(report.problem === null ? [] : [`Not importable as it is: ${report.problem}`]),
  ].join('\n');
}
