// `sluice inspect`: what a file is and how it would be read. Writes nothing to the database and needs no server.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { openFile, writeWhole } from '../adapters/files/open-file.ts';
import { spoolFile } from '../adapters/files/spool.ts';
import { CHANNEL_KINDS, type ChannelKind } from '../pipelines/contracts/contact-fields.ts';
import { PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { inspectFile, type FileProfile, type InspectedFile } from '../pipelines/import/inspect-file.ts';
import { readRecordBlocks } from '../pipelines/import/record-blocks.ts';
import { readRecords } from '../pipelines/import/read-records.ts';
import { answer, table } from './output.ts';

interface InspectOptions {
  json?: boolean;
  rows?: boolean;
  out?: string;
  encoding?: string;
  delimiter?: string;
  kind: ChannelKind;
}

export function registerInspect(program: Command): void {
  program
    .command('inspect <file...>')
    .description('encoding, delimiter, header and meaning of the columns of a file; nothing is imported')
    .option('--rows', 'the table as read, as clean CSV, on stdout')
    .option('--out <dir>', 'with --rows: one file per input, under its own name')
    .option('--encoding <name>', 'instead of detecting it')
    .option('--delimiter <char>', 'instead of detecting it')
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
  skipped: FileProfile['skipped'];
  sample: string[][];
}

async function inspectOne(file: string, options: InspectOptions): Promise<InspectReport> {
  return withSpool(file, options, async ({ profile, sample }) => ({
    file,
    encoding: profile.encoding,
    delimiter: profile.delimiter,
    quote: profile.quote,
    headerRow: profile.headerRow,
    columns: profile.columns.map(({ header, field, confidence }) => ({ header, field, confidence })),
    records: profile.records,
    skipped: profile.skipped,
    sample,
  }));
}

/** Spools a file into a temporary folder, inspects it, and hands both on; the folder goes again. */
async function withSpool<T>(
  file: string,
  options: InspectOptions,
  work: (inspected: InspectedFile, spool: string) => Promise<T>,
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
      const inspected = await inspectFile(
        { reader, bytes: spooled.bytes, encoding: spooled.encoding },
        {
          channelKind: options.kind,
          defaultCountry: 'TW',
          timeZone: 'Asia/Taipei',
          delimiter: options.delimiter ?? null,
        },
      );
      return await work(inspected, spooled.path);
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
    await withSpool(file, options, async ({ profile }, spool) => {
      if (options.out !== undefined) await writeWhole(options.out, path.basename(file), cleanRows(profile, spool));
      else for await (const text of cleanRows(profile, spool)) process.stdout.write(text);
    });
}

/** Header and records as comma-separated CSV with \n, quoted where needed; blank records are left out. */
async function* cleanRows(profile: FileProfile, spool: string): AsyncGenerator<string> {
  yield csvLine(profile.columns.map((column) => column.header));
  const reader = await openFile(spool);
  const { delimiter, quote } = profile;
  try {
    const blocks = readRecordBlocks({
      reader,
      fromByte: profile.dataByte,
      firstLine: profile.dataLine,
      delimiter,
      quote,
    });
    for await (const block of blocks) {
      let text = '';
      for (const { fields } of readRecords(block, profile.plan).records)
        if (fields.some((field) => field.trim() !== '')) text += csvLine(fields);
      yield text;
    }
  } finally {
    await reader.close();
  }
}

function csvLine(fields: string[]): string {
  const quoted = fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `${quoted.join(',')}\n`;
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
  ].join('\n');
}
