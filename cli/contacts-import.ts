// `sluice contacts import`: starts the importContacts workflow, follows it, prints its report.
import { Option, type Command } from 'commander';
import {
  DECIMAL_MARKS,
  IMPORT_OUTCOMES,
  parseImportInput,
  TAG_MODES,
  type ImportInput,
  type ImportResult,
} from '../contracts/import.ts';
import { MATCH_KEYS } from '../contracts/contact-fields.ts';
import { importReadings } from '../pipelines/import/column-readings.ts';
import type { ColumnReading } from '../pipelines/import/column-meaning.ts';
import { columnTable, ignoredColumns } from './column-table.ts';
import {
  endWith,
  importFileInput,
  renderHead,
  renderReasons,
  runImport,
  type ImportFileOptions,
} from './follow-import.ts';
import { collectMap, parseDelimiterOption, parsePercent, shortRowsOption } from './option-values.ts';
import { answer, table } from './output.ts';
import { shared, withSession, type Session } from './session.ts';

interface ImportOptions extends ImportFileOptions {
  tags: ImportInput['tags'];
  tagSeparator: string;
  decimalMark?: ImportInput['decimalMark'];
  firstWins?: boolean;
  clearEmpty?: boolean;
  allowResubscribe?: boolean;
  createAttributes?: boolean;
}

export function registerContactsImport(contacts: Command): void {
  shared(
    contacts.command('import <file>').description('import a CSV or TSV file (also .gz) as contacts of a channel'),
    'sluice contacts import members.csv --channel line-tw --map member_id=會員編號 --dry-run',
  )
    .requiredOption('--channel <id>', 'the channel whose contacts these are')
    .option(
      '--map <field=column>',
      'what a column means; may be repeated (also tags, tag:NAME, attribute:NAME)',
      collectMap,
    )
    .addOption(
      new Option('--match-by <key>', 'what identifies a contact (default: known from the header)').choices(MATCH_KEYS),
    )
    .option('--encoding <name>', 'utf-8, utf-16le, big5, gbk, shift_jis … (default: detected)')
    .option('--delimiter <char>', 'one of , ; tab | (default: detected)', parseDelimiterOption)
    .option('--quote <char>', 'the quote character, or none (default: detected)')
    .addOption(shortRowsOption())
    .option('--date-format <format>', 'such as dd/MM/yyyy HH:mm, where dates do not show it themselves')
    .addOption(
      new Option('--decimal-mark <mark>', 'what parts decimals, where numbers do not show it themselves').choices(
        DECIMAL_MARKS,
      ),
    )
    .addOption(new Option('--tags <mode>', 'what tag columns do').choices(TAG_MODES).default('add'))
    .option('--tag-separator <text>', 'between two tags in one cell', ',')
    .option('--dry-run', 'judge every line, show what would change, change nothing')
    .option('--again', 'import although the same content was imported before')
    .option('--first-wins', 'of lines with one key the first counts, not the last')
    .option('--clear-empty', 'empty cells clear the stored value')
    .option('--allow-resubscribe', 'let the file subscribe people who unsubscribed')
    .option('--create-attributes', 'make custom attributes of columns that are not known')
    .addOption(
      new Option('--max-invalid <percent>', 'share of invalid lines above which nothing is applied')
        .argParser(parsePercent)
        .default(0.1, '10'),
    )
    .option('--no-wait', 'start it and leave')
    .action(async (file: string, _options, command: Command) => {
      const options = command.optsWithGlobals<ImportOptions>();
      await withSession(options, (session) => importContacts(session, file, options));
    });
}

async function importContacts(session: Session, file: string, options: ImportOptions): Promise<void> {
  const input = inputOf(file, options);
  const summary = `contacts of ${input.channel}${input.dryRun ? ' (dry run)' : ''}`;
  const result = await runImport<ImportResult>(session, { workflow: 'importContacts', input, summary }, options);
  if (result === null) return;
  const columns = await importReadings(session.db, result.importId);
  answer(options, { ...result, columns }, renderImport);
  endWith(result, options);
}

/** The import input that a file and flags stand for. @throws PipelineError `import_input` */
export function inputOf(file: string, options: ImportOptions): ImportInput {
  return parseImportInput({
    ...importFileInput(file, options),
    tags: options.tags,
    tagSeparator: options.tagSeparator,
    decimalMark: options.decimalMark ?? null,
    firstWins: options.firstWins ?? false,
    clearEmpty: options.clearEmpty ?? false,
    allowResubscribe: options.allowResubscribe ?? false,
    createAttributes: options.createAttributes ?? false,
  });
}

/** The report for people; of a dry run with what each column became, else with the columns that were left out. */
export function renderImport(result: ImportResult & { columns?: ColumnReading[] }): string {
  const columns = result.columns ?? [];
  const text = [
    ...renderHead(result),
    ...(result.dryRun ? columnTable(columns) : ignoredColumns(columns)),
    table(
      ['outcome', 'lines'],
      IMPORT_OUTCOMES.map((outcome) => [outcome, result.outcomes[outcome]]),
    ),
  ];
  text.push(...renderReasons(result.reasons), ...result.warnings.map((warning) => `Note: ${warning}`));
  if (result.message) text.push(result.message);
  if (result.rejectsFile) text.push(`Rejects: ${result.rejectsFile}`);
  if (result.diffFile) text.push(`Changes, old and new: ${result.diffFile}`);
  return text.join('\n');
}
