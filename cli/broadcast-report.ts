// `sluice broadcast report|rows`: what became of each recipient, as a file in CSV, Parquet or Arrow IPC, or as lines on stdout.
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { writeArrowFile } from '../adapters/arrow/ipc-file.ts';
import { csvToParquet } from '../adapters/duckdb/csv-to-parquet.ts';
import { writeWhole } from '../adapters/files/open-file.ts';
import { readStatus } from '../pipelines/broadcast/status.ts';
import { FATES, type BroadcastStatus, type Fate } from '../contracts/broadcast.ts';
import { recipientCsv, recipientRows, REPORT_COLUMNS } from '../pipelines/reports/recipient-rows.ts';
import { parseBroadcastId } from './broadcast-options.ts';
import { renderStatus } from './broadcast-status.ts';
import { answer } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';

type Format = 'csv' | 'parquet' | 'arrow';
type ReportOptions = SharedOptions & { format: Format; out?: string; bom?: boolean };
type RowsOptions = SharedOptions & { fate?: Fate; bom?: boolean };

export function registerBroadcastReport(broadcast: Command): void {
  shared(
    broadcast
      .command('report')
      .argument('<id>', 'as broadcast list shows it', parseBroadcastId)
      .description('the conservation table, and a file with what became of each recipient'),
    'sluice broadcast report 7 --format parquet',
  )
    .addOption(new Option('--format <format>', 'of the file').choices(['csv', 'parquet', 'arrow']).default('csv'))
    .option('--out <file>', 'where to (default: reports in the data folder)')
    .option('--bom', 'CSV begins with a byte order mark, which Excel needs for UTF-8')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ReportOptions>();
      await withSession(options, async (session) => {
        const status = await readStatus(session.db, id);
        const file = await writeReport(session, id, options);
        answer(options, { ...status, file }, (report) => `${renderStatus(report as BroadcastStatus)}\nFile: ${file}`);
      });
    });
  shared(
    broadcast
      .command('rows')
      .argument('<id>', 'as broadcast list shows it', parseBroadcastId)
      .description('what became of each recipient, as CSV on stdout'),
    'sluice broadcast rows 7 --fate rejected',
  )
    .addOption(new Option('--fate <fate>', 'only these').choices(FATES))
    .option('--bom', 'the CSV begins with a byte order mark, which Excel needs for UTF-8')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<RowsOptions>();
      await withSession(options, async ({ db }) => {
        await readStatus(db, id);
        const pages = recipientRows(db, id, options.fate === undefined ? null : [options.fate]);
        if (!options.json) for await (const text of recipientCsv(pages, options.bom)) await write(text);
        else {
          const rows = [];
          for await (const page of pages) rows.push(...page);
          answer(options, { broadcastId: id, rows }, () => '');
        }
      });
    });
}

/** Waits for whoever reads stdout, so that a large broadcast does not pile up in memory. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes the whole file or none, and gives its path. Writing it again replaces it. */
async function writeReport({ db, config }: Session, id: string, options: ReportOptions): Promise<string> {
  const target = path.resolve(
    options.out ?? path.join(config.dataDir, 'reports', `broadcast-${id}-recipients.${options.format}`),
  );
  const folder = path.dirname(target);
  await mkdir(folder, { recursive: true });
  const pages = recipientRows(db, id);
  if (options.format === 'csv') return writeWhole(folder, path.basename(target), recipientCsv(pages, options.bom));
  const draft = path.join(folder, `${path.basename(target)}.${randomUUID()}.draft`);
  let csv: string | null = null;
  try {
    if (options.format === 'arrow') await writeArrowFile({ path: draft, columns: REPORT_COLUMNS, pages });
    else {
      csv = await writeWhole(folder, `${path.basename(draft)}.csv`, recipientCsv(pages));
      await csvToParquet(csv, draft, REPORT_COLUMNS);
    }
    await chmod(draft, 0o600);
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
    if (csv) await rm(csv, { force: true });
  }
  return target;
}
