// How broadcast went before its runs were bounded: kept so that runs begun then can be replayed and ended. Nothing new comes
// here; it goes when no such run can be alive.
import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { emptyFates, type BroadcastStatus } from '../../contracts/broadcast.ts';
import { parseBroadcastInput, type BroadcastInput, type BroadcastResult } from '../../contracts/broadcast-input.ts';
import { BroadcastDesk } from '../broadcast-desk.ts';
import { deliverChannel, type DeliverResult } from '../deliver-channel.ts';
import { parsedBy } from '../parsed-input.ts';
import { runPlan } from '../plan-broadcast.ts';
import { short, steps } from '../proxies.ts';
import { BroadcastId, Channel } from '../search-attributes.ts';
import { watchBroadcast } from '../watch-broadcast.ts';
import { innermostReason } from '../watching.ts';

type Started = Awaited<ReturnType<typeof short.startBroadcast>>;

export async function broadcastEarlier(input: unknown): Promise<BroadcastResult> {
  const request = parsedBy(parseBroadcastInput, input);
  const desk = new BroadcastDesk({ earlier: true });
  const digest = request.list === null ? request.plan : (await runPlan(request.list)).digest;
  if (request.waitForApproval) {
    desk.show('planned', 'Waits for the update `approve`.');
    await condition(() => desk.approved || desk.cancelled);
    if (desk.cancelled) return nothingSent(request);
  }
  const started = await short.startBroadcast(
    request.retry ?? { digest: digest!, again: request.again, maxPlanAgeHours: request.maxPlanAgeHours },
  );
  upsertSearchAttributes([
    { key: BroadcastId, value: started.broadcastId },
    { key: Channel, value: started.channel },
  ]);
  if (started.runningIn !== null) return runningElsewhere(started, desk);
  const watch = watchBroadcast(started, true);
  try {
    return await send(request, started, desk);
  } finally {
    watch.stop();
    // Whoever asked for the end is answered before it.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

async function send(request: BroadcastInput, started: Started, desk: BroadcastDesk): Promise<BroadcastResult> {
  const { broadcastId, attempt, recipients } = started;
  const ref = { broadcastId, attempt };
  await desk.open(started);
  try {
    if (request.retry) await steps.reopenRecipients(ref, request.retry.scope, recipients);
    else await steps.createContacts(ref, recipients);
    const delivered = await deliver(started, false);
    if (delivered.ended !== 'done') return await stopped(started, delivered);
    await settle(started, desk);
    return await ended(started, 'completed', null);
  } catch (error) {
    return CancellationScope.nonCancellable(async () => {
      if (!isCancellation(error)) {
        // Another run may have taken it over: then that one says how it ends.
        await short.setState(ref, 'failed', innermostReason(error)).catch(() => undefined);
        throw error;
      }
      await short.setControl(ref, 'cancel');
      // What was under way when the cancel came is still to be found out.
      await stopped(started, await deliver(started, true));
      throw error;
    });
  } finally {
    desk.close();
  }
}

function deliver(started: Started, resolveOnly: boolean): Promise<DeliverResult> {
  const { broadcastId, attempt, channel } = started;
  return executeChild(deliverChannel, {
    workflowId: `${workflowInfo().workflowId}/${channel}${resolveOnly ? '/resolve' : ''}`,
    args: [{ broadcastId, attempt, channel, resolveOnly }],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    staticSummary: `broadcast ${broadcastId} on ${channel}`,
    typedSearchAttributes: [
      { key: BroadcastId, value: broadcastId },
      { key: Channel, value: channel },
    ],
  });
}

/** Cancelled by people, or by an answer that every other recipient would get too. */
async function stopped(started: Started, { ended: how, problem }: DeliverResult): Promise<BroadcastResult> {
  const { broadcastId, attempt, recipients } = started;
  if (how === 'failed') return ended(started, 'failed', problem);
  await steps.cancelPlanned({ broadcastId, attempt }, recipients);
  return ended(started, 'cancelled', null);
}

/** Seconds between two looks whether anything is uncertain still. */
const SETTLE_LOOK_S = 30;

/** Waits for evidence about recipients whose answers were lost; not at all where there are none. */
async function settle(started: Started, desk: BroadcastDesk): Promise<void> {
  const { broadcastId, attempt, settleSeconds } = started;
  const ref = { broadcastId, attempt };
  for (let waited = 0; (await short.uncertainNow(ref)) > 0 && waited < settleSeconds; waited += SETTLE_LOOK_S) {
    if (waited === 0) await short.setState(ref, 'settling', null);
    const step = Math.min(SETTLE_LOOK_S, settleSeconds - waited);
    if (await condition(() => desk.cancelled, step * 1000, { summary: 'evidence about uncertain recipients' })) return;
  }
}

async function ended(
  started: Started,
  state: 'completed' | 'cancelled' | 'failed',
  error: string | null,
): Promise<BroadcastResult> {
  const { broadcastId, attempt } = started;
  await short.setState({ broadcastId, attempt }, state, error);
  return resultOf(await short.broadcastStatus(broadcastId), null);
}

function resultOf(status: BroadcastStatus, runningIn: string | null): BroadcastResult {
  const { broadcastId, channel, state, attempt, recipients, fates, error } = status;
  return { broadcastId, channel, state, attempt, recipients, fates, runningIn, error };
}

async function runningElsewhere(started: Started, desk: BroadcastDesk): Promise<BroadcastResult> {
  desk.show('running', `Runs already, as workflow \`${started.runningIn}\`; nothing was done here.`);
  return resultOf(await short.broadcastStatus(started.broadcastId), started.runningIn);
}

function nothingSent(request: BroadcastInput): BroadcastResult {
  return {
    broadcastId: request.retry?.broadcastId ?? null,
    channel: request.list?.channel ?? '',
    state: 'cancelled',
    attempt: 0,
    recipients: 0,
    fates: emptyFates(),
    runningIn: null,
    error: 'Cancelled before it was approved; nothing was sent.',
  };
}
