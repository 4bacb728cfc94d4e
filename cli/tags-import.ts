// `sluice tags import`: starts the importTags workflow, follows it, prints its report.
import { Option, type Command } from 'commander';
import { MATCH_KEYS } from '../contracts/contact-fields.ts';
import {
  parseTagImportInput,
  TAG_OUTCOMES,
  TAG_TARGETS,
  type TagImportInput,
  type TagImportResult,
} from '../contracts/tag-import.ts';
import type { ColumnReading } from '../pipelines/import/column-meaning.ts';
import { tagReadings } from '../pipelines/tags/tag-readings.ts';
import { columnTable, ignoredColumns } from './column-table.ts';
import {
  endWith,
  importFileInput,
  renderHead,
  renderReasons,
  runImport,
  type ImportFileOptions,
} from './follow-import.ts';
import { collectMap, parseDelimiterOption, parsePercent, parseSource, shortRowsOption } from './option-values.ts';
import { answer, table } from './output.ts';
import { shared, withSession } from './session.ts';

interface TagImportOptions extends ImportFileOptions {
  timeZone?: string;
  source: string;
}

export function registerTagsImport(tags: Command): void {
  shared(
    tags
      .command('import <file>')
      .description('import tag events: CSV, TSV or JSON Lines (also .gz), or Parquet; one tag a row'),
    'sluice tags import events.csv --channel line-tw --map time=貼標時間 --dry-run',
  )
    .requiredOption('--channel <id>', 'the channel whose contacts the events are about')
    .option('--map <part=column>', `what a column means; may be repeated (${TAG_TARGETS.join(', ')})`, collectMap)
    .addOption(
      new Option('--match-by <key>', 'what identifies a contact (default: known from the header)').choices(MATCH_KEYS),
    )
    .option('--encoding <name>', 'utf-8, utf-16le, big5, gbk, shift_jis … (default: detected)')
    .option('--delimiter <char>', 'one of , ; tab | (default: detected)', parseDelimiterOption)
    .option('--quote <char>', 'the quote character, or none (default: detected)')
    .addOption(shortRowsOption())
    .option('--date-format <format>', 'such as dd/MM/yyyy HH:mm, where times do not show it themselves')
    .option('--time-zone <zone>', 'of times without an offset (default: that of the channel)')
    .option('--source <name>', 'source of rows that name none', parseSource, 'import')
    .option('--dry-run', 'judge every line, write nothing')
    .option('--again', 'import although the same content was imported before')
    .addOption(
      new Option('--max-invalid <percent>', 'share of invalid lines above which nothing is written')
        .argParser(parsePercent)
        .default(0.1, '10'),
    )
    .option('--no-wait', 'start it and leave')
    .action(async (file: string, _options, command: Command) => {
      const options = command.optsWithGlobals<TagImportOptions>();
      const input = inputOf(file, options);
      await withSession(options, async (session) => {
        const summary = `tag events of ${input.channel}${input.dryRun ? ' (dry run)' : ''}`;
        const result = await runImport<TagImportResult>(session, { workflow: 'importTags', input, summary }, options);
        if (result === null) return;
        const columns = await tagReadings(session.db, result.importId);
        answer(options, { ...result, columns }, renderTagImport);
        endWith(result, options);
      });
    });
}

/** The input that a file and flags stand for. @throws PipelineError `tag_import_input` */
function inputOf(file: string, options: TagImportOptions): TagImportInput {
  return parseTagImportInput({
    ...importFileInput(file, options),
    timeZone: options.timeZone ?? null,
    source: options.source,
  });
}

/** The report for people; of a dry run with what each column became, else with the columns that were left out. */
export function renderTagImport(result: TagImportResult & { columns?: ColumnReading[] }): string {
  const columns = result.columns ?? [];
  const text = [
    ...renderHead(result),
    ...(result.dryRun ? columnTable(columns) : ignoredColumns(columns)),
    table(
      ['outcome', 'lines'],
      TAG_OUTCOMES.map((outcome) => [outcome, result.outcomes[outcome]]),
    ),
  ];
  text.push(...renderReasons(result.reasons));
  if (result.message) text.push(result.message);
  if (result.rejectsFile) text.push(`Rejects: ${result.rejectsFile}`);
  return text.join('\n');
}
