// `sluice broadcast`: start, follow, pause, resume, cancel, set the rate, retry. The plan has a file of its own.
import type { Client } from '@temporalio/client';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { readStatus } from '../pipelines/broadcast/status.ts';
import { RETRY_SCOPES, type BroadcastStatus, type RetryScope } from '../pipelines/contracts/broadcast.ts';
import type { BroadcastInput, BroadcastResult } from '../pipelines/contracts/broadcast-input.ts';
import { PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { PIPELINE_QUEUE } from '../pipelines/contracts/task-queues.ts';
import { registerBroadcastPlan } from './broadcast-plan.ts';
import { registerBroadcastReport } from './broadcast-report.ts';
import { renderStatus } from './broadcast-status.ts';
import { answer, progressLine, say, table } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';
import { workflowFailure } from './workflow-failure.ts';

type StartOptions = SharedOptions & { plan: string; again?: boolean; maxPlanAge: number; wait: boolean };

export function registerBroadcast(program: Command): void {
  const broadcast = program.command('broadcast').description('broadcasts: plan, start, follow, pause, resume, report');
  registerBroadcastPlan(broadcast);
  registerStart(broadcast);
  registerRetry(broadcast);
  registerControls(broadcast);
  shared(
    broadcast.command('status').argument('<id>').description('counts by fate and code, rate against limit, time left'),
    'sluice broadcast status 7',
  ).action(async (id: string, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, async ({ db }) => answer(options, await readStatus(db, broadcastId(id)), renderStatus));
  });
  shared(
    broadcast.command('list').description('broadcasts, newest first').option('--limit <n>', 'how many', Number, 20),
    'sluice broadcast list',
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions & { limit: number }>();
    await withSession(options, async (session) => answer(options, await list(session, options.limit), renderList));
  });
  registerBroadcastReport(broadcast);
}

function registerStart(broadcast: Command): void {
  shared(
    broadcast.command('start').description('send a plan; resumes by itself after any crash'),
    'sluice broadcast start --plan 3f2a…',
  )
    .requiredOption('--plan <digest>', 'the digest that broadcast plan printed')
    .option('--again', 'send although the same plan was sent before')
    .addOption(
      new Option('--max-plan-age <hours>', 'older plans are refused').argParser(parseHours).default(24, '24 h'),
    )
    .option('--no-wait', 'start it and leave')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<StartOptions>();
      const input = { plan: options.plan, again: options.again ?? false, maxPlanAgeHours: options.maxPlanAge };
      await withSession(options, async (session) =>
        run(session, input, await idOfPlan(session, options.plan), options),
      );
    });
}

function registerRetry(broadcast: Command): void {
  shared(
    broadcast.command('retry').argument('<id>').description('send once more what was not taken'),
    'sluice broadcast retry 7 --scope failed',
  )
    .addOption(new Option('--scope <which>', 'what is tried again').choices(RETRY_SCOPES).makeOptionMandatory())
    .option('--no-wait', 'start it and leave')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { scope: RetryScope; wait: boolean }>();
      const input = { retry: { broadcastId: broadcastId(id), scope: options.scope } };
      await withSession(options, (session) => run(session, input, broadcastId(id), options));
    });
}

const CONTROLS = {
  approve: 'let a broadcast that waits for approval go out',
  pause: 'stop sending within a moment; answers when nothing is under way',
  resume: 'go on sending',
  cancel: 'end it; what was not sent is recorded as cancelled',
} as const;

function registerControls(broadcast: Command): void {
  for (const [name, description] of Object.entries(CONTROLS))
    shared(broadcast.command(name).argument('<id>').description(description), `sluice broadcast ${name} 7`).action(
      async (id: string, _options, command: Command) => {
        const options = command.optsWithGlobals<SharedOptions>();
        await withSession(options, (session) => update(session, broadcastId(id), name, [], options));
      },
    );
  shared(
    broadcast
      .command('set-rate')
      .argument('<id>')
      .argument('<per-second>', 'requests a second; 0: no limit', parseRate)
      .description("change the rate of the broadcast's channel, at once"),
    'sluice broadcast set-rate 7 40',
  ).action(async (id: string, perSecond: number, _options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    await withSession(options, (session) => update(session, broadcastId(id), 'setRate', [{ perSecond }], options));
  });
}

/** Starts the workflow, follows it, prints how it ended. */
async function run(
  session: Session,
  input: Partial<BroadcastInput>,
  id: string,
  options: SharedOptions & { wait: boolean },
): Promise<void> {
  const client = await session.temporal();
  const { rows } = await session.db.query<{ attempt: number; channel_id: string }>(
    'select attempt, channel_id from broadcasts where id = $1',
    [id],
  );
  const { attempt = 0, channel_id: channel = '' } = rows[0] ?? {};
  const workflowId = `broadcast/${id}/${attempt + 1}`;
  const handle = await client.workflow.start('broadcast', {
    taskQueue: PIPELINE_QUEUE,
    workflowId,
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [input],
    staticSummary: `broadcast ${id} on ${channel}`,
  });
  if (!options.wait) {
    answer(options, { broadcastId: id, workflowId }, () => `Started: workflow ${workflowId}.`);
    return;
  }
  const result = await follow(session, handle.result() as Promise<BroadcastResult>, id, workflowId);
  if (result.runningIn !== null) say(`It runs already, as workflow ${result.runningIn}; nothing was started.`);
  answer(options, await readStatus(session.db, id), renderStatus);
  if (result.state !== 'completed' && result.runningIn === null) process.exitCode = 1;
}

/** Milliseconds between two looks for the progress line. */
const LOOK_MS = 1_000;

async function follow(
  session: Session,
  result: Promise<BroadcastResult>,
  id: string,
  workflowId: string,
): Promise<BroadcastResult> {
  const line = progressLine();
  const leave = () => {
    line.end();
    say(`Left. The broadcast goes on as workflow ${workflowId}; stop it with: sluice broadcast pause ${id}.`);
    process.exit(0);
  };
  process.once('SIGINT', leave);
  const timer = setInterval(() => {
    readStatus(session.db, id).then(
      (status) => line.show(progressOf(status)),
      () => undefined,
    );
  }, LOOK_MS);
  try {
    return await result;
  } catch (error) {
    throw workflowFailure(error, workflowId, CANCELLED);
  } finally {
    clearInterval(timer);
    process.off('SIGINT', leave);
    line.end();
  }
}

const CANCELLED = new PipelineError('broadcast_cancelled', 'The broadcast was cancelled.', {
  hint: 'What was sent stays sent; "sluice broadcast retry ID --scope cancelled" sends the rest.',
});

function progressOf({ state, recipients, fates, ratePerSecond, etaSeconds, held }: BroadcastStatus): string {
  const settled = recipients - fates.planned - fates.claimed;
  const eta = etaSeconds === null ? '' : `, about ${etaSeconds} s left`;
  const trouble = held === null ? '' : `, held up: ${held}`;
  return `${state}: ${settled} of ${recipients} recipients, ${Math.round(ratePerSecond)}/s${eta}${trouble}`;
}

/** Sends an update to the workflow that runs the broadcast, and prints what it answered. */
async function update(
  session: Session,
  id: string,
  name: string,
  args: unknown[],
  options: SharedOptions,
): Promise<void> {
  const { rows } = await session.db.query<{ workflow_id: string | null; state: string }>(
    'select workflow_id, state from broadcasts where id = $1',
    [id],
  );
  const found = rows[0];
  if (!found?.workflow_id)
    throw new PipelineError('broadcast_not_started', `Broadcast ${id} is not running.`, {
      hint: found
        ? 'Start it with: sluice broadcast start --plan DIGEST.'
        : 'sluice broadcast list shows what there is.',
    });
  const client: Client = await session.temporal();
  try {
    const said = await client.workflow.getHandle(found.workflow_id).executeUpdate(name, { args: args as [unknown] });
    answer(options, said, () => JSON.stringify(said));
  } catch (cause) {
    if (!/not found|already completed|has ended/i.test(`${String(cause)} ${String((cause as Error).cause)}`))
      throw cause;
    throw new PipelineError('broadcast_not_running', `Broadcast ${id} is ${found.state}; its workflow has ended.`, {
      hint: `See it with: sluice broadcast status ${id}.`,
      cause,
    });
  }
}

async function idOfPlan(session: Session, digest: string): Promise<string> {
  const { rows } = await session.db.query<{ id: string }>(
    'select id from broadcasts where digest = $1 order by attempt = 0 desc, id desc limit 1',
    [digest],
  );
  if (rows[0]) return rows[0].id;
  throw new PipelineError('plan_unknown', `There is no plan with the digest ${digest}.`, {
    hint: 'Make one with: sluice broadcast plan. It prints the digest.',
  });
}

interface Listed extends Record<string, unknown> {
  broadcastId: string;
  channel: string;
  state: string;
  recipients: number;
  file: string | null;
  plannedAt: Date | null;
  finishedAt: Date | null;
}

async function list(session: Session, limit: number): Promise<{ broadcasts: Listed[] }> {
  const { rows } = await session.db.query<Listed>(
    `select id as "broadcastId", channel_id as channel, state, recipients, file_name as file, planned_at as "plannedAt",
       finished_at as "finishedAt"
     from broadcasts where digest is not null order by id desc limit $1`,
    [limit],
  );
  return { broadcasts: rows };
}

function renderList({ broadcasts }: { broadcasts: Listed[] }): string {
  return table(
    ['id', 'channel', 'state', 'recipients', 'file', 'planned'],
    broadcasts.map((row) => [
      row.broadcastId,
      row.channel,
      row.state,
      row.recipients,
      row.file,
      row.plannedAt?.toISOString() ?? null,
    ]),
  );
}

function broadcastId(text: string): string {
  if (/^[0-9]{1,18}$/.test(text)) return text;
  throw new PipelineError('broadcast_unknown', `"${text}" is not the id of a broadcast.`, {
    hint: 'Ids are digits; sluice broadcast list shows them.',
  });
}

function parseHours(text: string): number {
  const hours = Number(text.replace(/h$/, ''));
  if (hours > 0) return hours;
  throw new InvalidArgumentError('must be a number of hours, such as 48');
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (text !== '' && Number.isFinite(rate) && rate >= 0) return rate;
  throw new InvalidArgumentError('must be requests a second, such as 40; 0 for no limit');
}
