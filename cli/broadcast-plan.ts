// `sluice broadcast plan`: starts the planBroadcast workflow, follows it, prints what would be sent and to whom not.
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { Option, type Command } from 'commander';
import { listReadings, type ListReading } from '../pipelines/audience/list-readings.ts';
import { readPlan } from '../pipelines/broadcast/plan-store.ts';
import { planSamples, type PlanSample } from '../pipelines/broadcast/plan-samples.ts';
import { readPlanProgressOfWorkflow } from '../pipelines/broadcast/plan-progress.ts';
import { LINE_MATCHES, type PlanResult } from '../contracts/broadcast.ts';
import { MATCH_KEYS } from '../contracts/contact-fields.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { parsePlanInput, type PlanInput } from '../contracts/plan-input.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { columnTable } from './column-table.ts';
import { followWorkflow } from './follow-workflow.ts';
import { nextCommand } from './next-command.ts';
import { readMessageFile } from './message-file.ts';
import { collectMap, parseDelimiterOption, parseDuration, shortRowsOption, wholeFrom } from './option-values.ts';
import type { ShortRows } from '../contracts/import.ts';
import { answer, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';

interface PlanCommandOptions extends SharedOptions {
  channel: string;
  csv: string;
  message: string;
  matchBy?: PlanInput['matchBy'];
  map?: Record<string, string>;
  encoding?: string;
  delimiter?: string;
  quote?: string;
  shortRows: ShortRows;
  ambiguous: PlanInput['ambiguous'];
  phoneMatch: PlanInput['phoneMatch'];
  country?: string;
  onUncertain: PlanInput['onUncertain'];
  settle: number;
  maxAttempts: number;
  onUnclearRefusal: NonNullable<PlanInput['onUnclearRefusal']>;
  wait: boolean;
}

export function registerBroadcastPlan(broadcast: Command): void {
  shared(
    broadcast.command('plan').description('match a recipient list and freeze who gets what; sends nothing'),
    'sluice broadcast plan --channel line-tw --csv list.csv --match-by member_id --message sale.json --map name=姓名',
  )
    .requiredOption('--channel <id>', 'the channel to send on')
    .requiredOption('--csv <file>', 'the recipient list, CSV or TSV (also .gz)')
    .requiredOption(
      '--message <file>',
      "the provider's own JSON without the recipient; {{column}} is filled from the list",
    )
    .addOption(
      new Option('--match-by <key>', 'the identifier in the list (default: known from its header)').choices(MATCH_KEYS),
    )
    .option('--map <field=column>', 'the column of the identifier or of a place; may be repeated', collectMap)
    .addOption(
      new Option('--ambiguous <policy>', 'several contacts for one key')
        .choices(['latest', 'all', 'reject'])
        .default('latest'),
    )
    .addOption(new Option('--phone-match <how>', 'how phones compare').choices(['e164', 'literal']).default('e164'))
    .option('--country <code>', "how phones without a country code are read (default: the channel's)")
    .option('--encoding <name>', 'utf-8, utf-16le, big5, gbk, shift_jis … (default: detected)')
    .option('--delimiter <char>', 'one of , ; tab | (default: detected)', parseDelimiterOption)
    .option('--quote <char>', 'the quote character, or none (default: detected)')
    .addOption(shortRowsOption())
    .addOption(
      new Option('--on-uncertain <policy>', 'a send whose answer was lost, at a provider without retry keys')
        .choices(['hold', 'resend'])
        .default('hold'),
    )
    .addOption(
      new Option('--on-unclear-refusal <policy>', 'an answer that says "try again" and not whether it was taken')
        .choices(['retry', 'hold'])
        .default('retry'),
    )
    .addOption(
      new Option('--settle <time>', 'how long to wait for evidence about those')
        .argParser(parseDuration)
        .default(900, '15m'),
    )
    .option('--max-attempts <n>', 'failed attempts after which a recipient is given up', wholeFrom(1, 100), 5)
    .option('--no-wait', 'start it and leave')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<PlanCommandOptions>();
      await withSession(options, (session) => planBroadcast(session, options));
    });
}

async function planBroadcast(session: Session, options: PlanCommandOptions): Promise<void> {
  const input = await inputOf(options);
  const client = await session.temporal();
  const workflowId = `plan/${randomUUID()}`;
  const handle = await client.workflow.start('planBroadcast', {
    taskQueue: PIPELINE_QUEUE,
    workflowId,
    args: [input],
    staticSummary: `plan for ${input.channel}`,
  });
  if (!options.wait) {
    answer(options, { workflowId, state: 'inspecting' }, () => `Started: workflow ${workflowId}.`);
    return;
  }
  const result = await follow(session, handle);
  const samples = options.json ? [] : await planSamples(session.db, result.broadcastId, SHOWN_SAMPLES);
  const { profile, parameterNames } = await readPlan(session.db, result.broadcastId);
  const columns = listReadings(profile, parameterNames, input.map);
  answer(options, { ...result, columns }, (plan) => renderPlan(plan, samples, options));
}

/** The plan input that files and flags stand for. @throws PipelineError `plan_input`, `message_missing`, `message_not_json` */
async function inputOf(options: PlanCommandOptions): Promise<PlanInput> {
  return parsePlanInput({
    channel: options.channel,
    csv: path.resolve(options.csv),
    message: await readMessageFile(options.message),
    matchBy: options.matchBy ?? null,
    map: options.map ?? {},
    encoding: options.encoding ?? null,
    delimiter: options.delimiter ?? null,
    quote: options.quote ?? null,
    shortRows: options.shortRows,
    ambiguous: options.ambiguous,
    phoneMatch: options.phoneMatch,
    country: options.country ?? null,
    onUncertain: options.onUncertain,
    settleSeconds: options.settle,
    maxAttempts: options.maxAttempts,
    onUnclearRefusal: options.onUnclearRefusal,
  });
}

const CANCELLED = new PipelineError('plan_cancelled', 'The plan was cancelled.', {
  hint: 'Nothing was sent, and nothing is left of it; plan again.',
});

/** Rendered messages shown to a person. */
const SHOWN_SAMPLES = 3;

function follow(session: Session, handle: WorkflowHandle): Promise<PlanResult> {
  return followWorkflow<PlanResult>(handle, {
    look: async () => {
      const p = await readPlanProgressOfWorkflow(session.db, handle.workflowId);
      return p ? `${p.stage}: ${p.linesDone}${p.linesTotal === null ? '' : ` of ${p.linesTotal}`} lines` : 'inspecting';
    },
    first: 'inspecting',
    left: 'The plan is made on',
    cancelled: CANCELLED,
  });
}

/** The plan for people: who, who not and why, how long, what it looks like, and what to do next. */
export function renderPlan(
  plan: PlanResult & { columns?: ListReading[] },
  samples: PlanSample[],
  options: SharedOptions = {},
): string {
  const counts = (head: string, unit: string, values: Record<string, number>) =>
    table([head, unit], Object.entries(values));
  const outcomes = Object.fromEntries(LINE_MATCHES.map((outcome) => [outcome, plan.outcomes[outcome]]));
  const notSent = { ...plan.suppressed, ...plan.rejected };
  const sentTo = plan.recipients - Object.values(notSent).reduce((sum, count) => sum + count, 0);
  const text = [
    `Broadcast ${plan.broadcastId} on ${plan.channel}: planned${plan.recognised ? ' (this plan was there already)' : ''}`,
    ...columnTable(plan.columns ?? []),
    counts('line', 'lines', outcomes),
    `${plan.recipients} recipients, ${sentTo} to send to`,
  ];
  if (Object.keys(notSent).length > 0) text.push(counts('not sent to', 'recipients', notSent));
  const eta = plan.etaSeconds === null ? 'there is no rate limit' : `about ${describeSeconds(plan.etaSeconds)}`;
  text.push(`${plan.requests} requests, ${eta}; a crash leaves ${plan.inFlightBound} of them uncertain at most`);
  if (plan.quotaLeft !== null) text.push(`${plan.quotaLeft} messages left at the provider this month`);
  for (const { ordinal, address, message } of samples)
    text.push(`Sample, recipient ${ordinal} (${address}):\n${JSON.stringify(message, null, 2)}`);
  for (const warning of plan.warnings) text.push(`Warning: ${warning}`);
  if (plan.linesFile) text.push(`Every line and what became of it: ${plan.linesFile}`);
  if (plan.startedBefore) text.push('The same was sent before: start needs --again.');
  const again = plan.startedBefore ? ' --again' : '';
  text.push(`Digest ${plan.digest}\nNext: ${nextCommand(options, `broadcast start ${plan.broadcastId}${again}`)}`);
  return text.join('\n\n');
}

function describeSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
