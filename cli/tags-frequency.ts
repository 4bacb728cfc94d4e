// `sluice tags frequency`: runs the tagFrequency workflow and shows what was published; or one contact straight from the log.
import { createHash, randomUUID } from 'node:crypto';
import { defineSearchAttributeKey } from '@temporalio/common';
import { InvalidArgumentError, type Command } from 'commander';
import { PipelineError } from '../contracts/pipeline-error.ts';
import {
  FREQUENCY_FORMATS,
  isInstant,
  parseFrequencyInput,
  parseWindow,
  type FrequencyFormat,
  type FrequencyInput,
  type FrequencyResult,
} from '../contracts/tag-frequency.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { contactFrequency, type ContactTagFrequency } from '../pipelines/frequency/contact-frequency.ts';
import { instantUs, isoOfUs, resolveWindow } from '../pipelines/frequency/windows.ts';
import { requireBusinessZone } from '../pipelines/lake/business-zone.ts';
import { findContact } from '../pipelines/tags/contact-ref.ts';
import { followWorkflow } from './follow-workflow.ts';
import { showFrequency } from './frequency-page.ts';
import { parsePercent } from './option-values.ts';
import { answer, say, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';

interface FrequencyOptions extends SharedOptions {
  window: string[];
  asOf?: string;
  knownAt?: string;
  channel?: string;
  contact?: string;
  format: FrequencyFormat[];
  out?: string;
  bom?: boolean;
  fanOut?: number;
  maxAge?: number;
  maxFall?: number;
  report: boolean;
  wait: boolean;
}

export function registerTagsFrequency(tags: Command): void {
  shared(
    tags
      .command('frequency')
      .description('how often each tag was applied to each contact inside windows; the same question has one answer'),
    'sluice tags frequency --window 7d --window 30d --as-of 2026-03-01T00:00:00+08:00',
  )
    .option(
      '--window <name>',
      'such as 30d, day, week-to-date, month, 2026-01-01..2026-02-01; may be repeated',
      window,
      [],
    )
    .option('--as-of <instant>', 'end of rolling and calendar windows (default: now)', instant)
    .option('--known-at <instant>', 'what became known later does not count; or "nominal": the as-of', knownAt)
    .option('--channel <id>', 'one channel (default: all)')
    .option('--contact <contact>', 'one contact (its id, or CHANNEL:SOCIAL_ID), straight from the log')
    .option(
      '--format <formats>',
      `formats of --out: ${FREQUENCY_FORMATS.join(', ')}; a list, or repeated (default: by the name of the file, else parquet)`,
      parseFormats,
      [],
    )
    .option('--out <path>', 'write the rows to this file; of several windows or formats, into this folder')
    .option('--bom', 'CSV files of --out begin with a byte order mark, which Excel needs for UTF-8')
    .option('--fan-out <parts>', 'parts counted side by side by the workers; rounded up to a power of two', whole)
    .option('--max-age <hours>', 'publish nothing when the newest event is older', Number)
    .option('--max-fall <percent>', 'publish nothing when a window has so many fewer rows than before', parsePercent)
    .option('--no-report', 'without the HTML report')
    .option('--no-wait', 'start it and leave')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<FrequencyOptions>();
      if (options.window.length === 0) options.window = ['30d'];
      const input = inputOf(options);
      await withSession(options, async (session) => {
        await requireBusinessZone(session.db, session.config.businessTimeZone);
        await (options.contact === undefined ? ofAll : ofOne)(session, input, options);
      });
    });
}

function window(text: string, earlier: string[]): string[] {
  if (parseWindow(text) === null)
    throw new InvalidArgumentError('is no window; such as 30d, day or 2026-01-01..2026-02-01');
  return [...earlier, text];
}

/** Formats in a list, added to those before. */
export function parseFormats(text: string, earlier: FrequencyFormat[]): FrequencyFormat[] {
  const formats = text.split(',').map((name) => FREQUENCY_FORMATS.find((format) => format === name.trim()));
  if (formats.includes(undefined))
    throw new InvalidArgumentError(`“${text}” is none of ${FREQUENCY_FORMATS.join(', ')}`);
  return [...earlier, ...(formats as FrequencyFormat[])];
}

function instant(text: string): string {
  if (!isInstant(text)) throw new InvalidArgumentError('must be an instant with a zone: 2026-03-01T00:00:00+08:00');
  return text;
}

const knownAt = (text: string): string => (text === 'nominal' ? text : instant(text));

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}

function inputOf(options: FrequencyOptions): FrequencyInput {
  if (options.format.length > 0 && options.out === undefined)
    throw new PipelineError('frequency_input', '--format is the format of a file.', { hint: 'Name it by --out.' });
  return parseFrequencyInput({
    windows: options.window,
    asOf: options.asOf ?? null,
    knownAt: options.knownAt ?? null,
    channel: options.channel ?? null,
    fanOut: options.fanOut ?? null,
    maxAgeHours: options.maxAge ?? null,
    maxFall: options.maxFall ?? null,
    report: options.report,
  });
}

async function ofAll(session: Session, input: FrequencyInput, options: FrequencyOptions): Promise<void> {
  const client = await session.temporal();
  const workflowId = `tag-frequency/${idOf(input)}`;
  const handle = await client.workflow.start('tagFrequency', {
    taskQueue: PIPELINE_QUEUE,
    workflowId,
    // The same question that is being answered already is not asked twice.
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [input],
    staticSummary: `tag frequency ${input.windows.join(', ')}`,
  });
  if (!options.wait) {
    answer(options, { workflowId, state: 'running' }, () => `Started: workflow ${workflowId}.`);
    return;
  }
  const result = await followWorkflow<FrequencyResult>(handle, {
    look: async () => (await handle.describe()).typedSearchAttributes.get(Stage) ?? 'preparing',
    first: 'preparing',
    left: 'The run goes on',
    cancelled: CANCELLED,
  });
  await showFrequency(session, result, options);
}

/** What the workflow is doing, as it says itself. */
const Stage = defineSearchAttributeKey('Stage', 'KEYWORD');

const CANCELLED = new PipelineError('frequency_cancelled', 'The run was cancelled; nothing was published.', {
  hint: 'Start it again.',
});

/** A question about fixed instants has a name of its own; one about now is a new one each time. */
function idOf(input: FrequencyInput): string {
  if (input.asOf === null || input.knownAt === null) return randomUUID();
  return createHash('sha256').update(JSON.stringify(input)).digest('hex').slice(0, 16);
}

interface OneWindow {
  window: string;
  asOf: string;
  knownAt: string;
  rows: ContactTagFrequency[];
  rowCount: number;
}

async function ofOne(session: Session, input: FrequencyInput, options: FrequencyOptions): Promise<void> {
  if (options.out !== undefined || !options.wait)
    throw new PipelineError('frequency_input', '--contact answers at once and on the screen.', {
      hint: 'Leave out --out, --format and --no-wait.',
    });
  const { contactId } = await findContact(session.db, options.contact!);
  const { rows: clock } = await session.db.query<{ us: string }>('select epoch_us(sluice_now()) as us');
  const nowUs = BigInt(clock[0]!.us);
  const asOfMs = input.asOf === null ? Number(nowUs / 1000n) : Date.parse(input.asOf);
  const knownAtUs =
    input.knownAt === null ? nowUs : input.knownAt === 'nominal' ? BigInt(asOfMs) * 1000n : instantUs(input.knownAt);
  const found: OneWindow[] = [];
  for (const name of input.windows) {
    const { fromMs, toMs } = resolveWindow(name, asOfMs, session.config.businessTimeZone);
    const span = { fromUs: BigInt(fromMs) * 1000n, toUs: BigInt(toMs) * 1000n, knownAtUs };
    const rows = await contactFrequency(session.db, contactId, span);
    found.push({
      window: name,
      asOf: new Date(asOfMs).toISOString(),
      knownAt: isoOfUs(knownAtUs),
      rows,
      rowCount: rows.length,
    });
  }
  answer(options, found.length === 1 ? found[0]! : { windows: found }, () =>
    found
      .map(({ window: name, rows }) => {
        const cells = rows.map(({ tag, times, firstAt, lastAt }) => [
          tag,
          times,
          firstAt.slice(0, 19),
          lastAt.slice(0, 19),
        ]);
        return `${name}: contact ${contactId}\n${table(['tag', 'times', 'first (UTC)', 'last (UTC)'], cells)}`;
      })
      .join('\n\n'),
  );
  if (knownAtUs > nowUs) say('The known-at lies in the future: this answer may change until then.');
}
