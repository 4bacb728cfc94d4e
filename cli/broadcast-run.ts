// `sluice broadcast start|retry`: starts the workflow, follows it, prints how it ended.
import { WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { Option, type Command } from 'commander';
import { idOfPlan } from '../pipelines/broadcast/find-plan.ts';
import { checkRetryPossible, retryRunning } from '../pipelines/broadcast/start.ts';
import { readStatus } from '../pipelines/broadcast/status.ts';
import { RETRY_SCOPES, type BroadcastStatus, type RetryScope } from '../contracts/broadcast.ts';
import type { BroadcastInput, BroadcastResult } from '../contracts/broadcast-input.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { parseBroadcastId, parseHours } from './broadcast-options.ts';
import { renderStatus } from './broadcast-status.ts';
import { answer, progressLine, say } from './output.ts';
import { shared, withSession, type Session, type SharedOptions } from './session.ts';
import { workflowFailure } from './workflow-failure.ts';

type StartOptions = SharedOptions & { plan?: string; again?: boolean; maxPlanAge: number; wait: boolean };

export function registerStart(broadcast: Command): void {
  shared(
    broadcast
      .command('start')
      .argument('[id]', 'the broadcast that broadcast plan made', parseBroadcastId)
      .description('send a plan; resumes by itself after any crash'),
    'sluice broadcast start 7',
  )
    .option('--plan <digest>', 'the plan by its digest instead, as broadcast plan printed it')
    .option('--again', 'send although the same plan was sent before')
    .addOption(
      new Option('--max-plan-age <hours>', 'older plans are refused').argParser(parseHours).default(24, '24 h'),
    )
    .option('--no-wait', 'start it and leave')
    .action(async (id: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<StartOptions>();
      if ((id === undefined) === (options.plan === undefined))
        command.error('error: give either the id of a broadcast or --plan DIGEST', { exitCode: 2 });
      await withSession(options, async (session) => {
        const plan = id === undefined ? await idOfPlan(session.db, options.plan!) : id;
        const input = {
          plan: options.plan ?? plan,
          again: options.again ?? false,
          maxPlanAgeHours: options.maxPlanAge,
        };
        await run(session, input, plan, options);
      });
    });
}

export function registerRetry(broadcast: Command): void {
  shared(
    broadcast
      .command('retry')
      .argument('<id>', 'as broadcast list shows it', parseBroadcastId)
      .description('send once more what was not taken'),
    'sluice broadcast retry 7 --scope failed',
  )
    .addOption(new Option('--scope <which>', 'what is tried again').choices(RETRY_SCOPES).makeOptionMandatory())
    .option('--no-wait', 'start it and leave')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { scope: RetryScope; wait: boolean }>();
      const input = { retry: { broadcastId: id, scope: options.scope } };
      await withSession(options, async (session) => {
        await checkRetryPossible(session.db, input.retry.broadcastId, options.scope);
        await run(session, input, input.retry.broadcastId, options);
      });
    });
}

/** Starts the workflow, follows it, prints how it ended. */
async function run(
  session: Session,
  input: Partial<BroadcastInput>,
  id: string,
  options: SharedOptions & { wait: boolean },
): Promise<void> {
  const { workflowId, handle } = await startWorkflow(session, input, id);
  if (!options.wait) {
    const { runningIn, taken } = await begun(session, handle, id);
    if (!taken) say('No worker has taken it up yet.');
    if (runningIn !== null) say(`It runs already, as workflow ${runningIn}; nothing was started.`);
    const { waiting } = await readStatus(session.db, id);
    if (waiting !== null) say(waitsFor(waiting));
    answer(options, { broadcastId: id, workflowId: runningIn ?? workflowId }, () =>
      runningIn === null ? `Started: workflow ${workflowId}.` : `Runs already: workflow ${runningIn}.`,
    );
    return;
  }
  const result = await follow(session, handle.result() as Promise<BroadcastResult>, id, workflowId);
  if (result.runningIn !== null) say(`It runs already, as workflow ${result.runningIn}; nothing was started.`);
  answer(options, await readStatus(session.db, id), (status) => renderStatus(status, options));
  if (result.state !== 'completed' && result.runningIn === null) process.exitCode = 1;
}

/** How long a start that is not followed is watched until a worker has taken it up or refused it. */
const PATIENCE_MS = 20_000;

/**
 * Whether the workflow has taken the broadcast, or which other one runs it. Throws what it was refused with. The result is asked for
 * when there is one: a question that waits for it would hold the process.
 */
async function begun(
  session: Session,
  handle: WorkflowHandle,
  id: string,
): Promise<{ taken: boolean; runningIn: string | null }> {
  const { workflowId } = handle;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    if ((await handle.describe()).status.name !== 'RUNNING') {
      try {
        return { taken: true, runningIn: ((await handle.result()) as BroadcastResult).runningIn };
      } catch (error) {
        throw workflowFailure(error, workflowId, CANCELLED);
      }
    }
    const { rows } = await session.db.query<{ workflow_id: string | null }>(
      'select workflow_id from broadcasts where id = $1',
      [id],
    );
    if (rows[0]?.workflow_id === workflowId) return { taken: true, runningIn: null };
    if (performance.now() > deadline) return { taken: false, runningIn: null };
    await new Promise((resolve) => setTimeout(resolve, START_LOOK_MS));
  }
}

/** Milliseconds between two looks whether a start was taken up. */
const START_LOOK_MS = 100;

const waitsFor = (waiting: string) => `Waiting: ${waiting}. Start one with its token set: sluice worker.`;

/** In the memo, in the place of a retry's scope. */
const START = 'start';

/** A workflow that runs already is followed, if it was started for the same; else it is named. */
async function startWorkflow(
  session: Session,
  input: Partial<BroadcastInput>,
  id: string,
): Promise<{ workflowId: string; handle: WorkflowHandle }> {
  const client = await session.temporal();
  const { rows } = await session.db.query<{ attempt: number; channel_id: string }>(
    'select attempt, channel_id from broadcasts where id = $1',
    [id],
  );
  const { attempt = 0, channel_id: channel = '' } = rows[0] ?? {};
  const workflowId = `broadcast/${id}/${attempt + 1}`;
  const scope = input.retry?.scope ?? START;
  try {
    const handle = await client.workflow.start('broadcast', {
      taskQueue: PIPELINE_QUEUE,
      workflowId,
      workflowIdConflictPolicy: 'FAIL',
      args: [input],
      memo: { scope },
      staticSummary: `broadcast ${id} on ${channel}`,
    });
    return { workflowId, handle };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const handle = client.workflow.getHandle(workflowId);
    const other = (await handle.describe()).memo?.['scope'];
    const running = typeof other === 'string' ? other : START;
    if (running === scope) return { workflowId, handle };
    throw retryRunning(id, {
      running: running === START ? null : running,
      workflowId,
      wanted: input.retry?.scope ?? null,
    });
  }
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
  let said: string | null = null;
  let over = false;
  const look = (status: BroadcastStatus) => {
    if (over) return;
    line.show(progressOf(status));
    if (status.waiting === said) return;
    said = status.waiting;
    if (said === null) return;
    line.end();
    say(waitsFor(said));
  };
  const timer = setInterval(() => void readStatus(session.db, id).then(look, () => undefined), LOOK_MS);
  try {
    return await result;
  } catch (error) {
    throw workflowFailure(error, workflowId, CANCELLED);
  } finally {
    over = true;
    clearInterval(timer);
    process.off('SIGINT', leave);
    line.end();
  }
}

const CANCELLED = new PipelineError('broadcast_cancelled', 'The broadcast was cancelled.', {
  hint: 'What was sent stays sent; "sluice broadcast retry ID --scope cancelled" sends the rest.',
});

function progressOf(status: BroadcastStatus): string {
  const { state, recipients, fates, ratePerSecond, etaSeconds, held, waiting, unresolved } = status;
  const settled = recipients - fates.planned - fates.claimed;
  const eta = etaSeconds === null ? '' : `, about ${etaSeconds} s left`;
  const trouble = waiting !== null ? `, waiting: ${waiting}` : held !== null ? `, held up: ${held}` : '';
  const open = unresolved === null ? '' : `, ${unresolved.recipients} without a known end`;
  return `${state}: ${settled} of ${recipients} recipients, ${Math.round(ratePerSecond)}/s${eta}${trouble}${open}`;
}
