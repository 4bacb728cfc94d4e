// Sends one broadcast: plan if asked to, approval, start, delivery, settling, end. Holds ids and counts; everybody's fate is
// in the ledger. However long it takes, a run's history stays bounded: it hands over to the next where no delivery lives.
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { emptyFates, type BroadcastRef, type BroadcastStatus } from '../contracts/broadcast.ts';
import {
  parseBroadcastInput,
  type BroadcastInput,
  type BroadcastResult,
  type Carry,
} from '../contracts/broadcast-input.ts';
import { isDigits } from '../contracts/checked-input.ts';
import { awaitApproval } from './await-approval.ts';
import { BroadcastDesk } from './broadcast-desk.ts';
import { deliver } from './deliver.ts';
import { broadcastEarlier } from './earlier/broadcast.ts';
import { parsedBy } from './parsed-input.ts';
import { runPlan } from './plan-broadcast.ts';
import { broadcastSteps, short } from './proxies.ts';
import { BroadcastId, Channel } from './search-attributes.ts';
import { settle } from './settle.ts';
import { show, watchBroadcast } from './watch-broadcast.ts';
import { innermostReason } from './watching.ts';

type Watching = { stop(): void };

/**
 * @param input one JSON object, {@link BroadcastInput}; the least is `{"plan": "<digest>"}`. Started again after its workflow
 * was terminated, it goes on from the ledger; started twice at once, the second names the first and does nothing.
 */
export async function broadcast(input: unknown): Promise<BroadcastResult> {
  if (!patched('bounded-runs')) return broadcastEarlier(input);
  const request = parsedBy(parseBroadcastInput, input);
  const desk = new BroadcastDesk({ events: request.events, started: request.carry?.started ?? null });
  const carry = request.carry ?? (await begin(request, desk));
  if (!('started' in carry)) return carry;
  const { broadcastId, channel, attempt } = carry.started;
  upsertSearchAttributes([
    { key: BroadcastId, value: broadcastId },
    { key: Channel, value: channel },
  ]);
  const ref = { broadcastId, attempt };
  const watch = watchBroadcast(carry.started);
  let next: Carry | null = null;
  try {
    await desk.open(carry.started, request.carry !== null);
    const ended = await send(carry, desk, watch);
    if ('state' in ended) return ended;
    next = ended;
  } catch (error) {
    if (!isCancellation(error)) {
      // Another run may have taken it over: then that one says how it ends.
      await short.setState(ref, 'failed', innermostReason(error)).catch(() => undefined);
      await showEnd(broadcastId).catch(() => undefined);
      throw error;
    }
    await CancellationScope.nonCancellable(async () => {
      await short.setControl(ref, 'cancel');
      // What was under way when the cancel came is still to be found out.
      await stopped(carry.started, await deliver(carry.started, desk, true), watch);
    });
    throw error;
  } finally {
    watch.stop();
    // A run that hands over takes wishes until its last moment; the next one takes them from its first.
    if (next === null) desk.close();
    // Whoever asked for the end is answered before it.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
  return continueAsNew<typeof broadcast>({ ...request, list: null, retry: null, plan: broadcastId, carry: next });
}

/** Planned if asked to, approved if asked to, and taken by this run; or the result of a broadcast that is not sent by it. */
async function begin(request: BroadcastInput, desk: BroadcastDesk): Promise<Carry | BroadcastResult> {
  const plan = request.list === null ? request.plan : (await runPlan(request.list)).digest;
  if (request.waitForApproval) {
    const answer = await awaitApproval({ plan, retry: request.retry }, desk);
    if (answer === 'cancelled') return nothingSent(request);
    if (answer === 'full') {
      await condition(allHandlersFinished);
      // What came meanwhile was answered, and must not be lost with the run.
      if (desk.cancelled) return nothingSent(request);
      if (!desk.approved) await continueAsNew<typeof broadcast>({ ...request, list: null, plan });
    }
  }
  const { again, maxPlanAgeHours, retry } = request;
  const asked = isDigits(plan) ? { broadcastId: plan! } : { digest: plan! };
  const started = await short.startBroadcast(
    { ...(retry ?? { ...asked, again, maxPlanAgeHours }), approved: request.waitForApproval },
    workflowInfo().firstExecutionRunId,
  );
  if (started.runningIn !== null) {
    desk.show('running', `Runs already, as workflow \`${started.runningIn}\`; nothing was done here.`);
    return resultOf(await short.broadcastStatus(started.broadcastId), started.runningIn);
  }
  return { started, stage: 'prepare', scope: retry?.scope ?? null };
}

/** From where it stands to its end, or to where the next run goes on. */
async function send(carry: Carry, desk: BroadcastDesk, watch: Watching): Promise<BroadcastResult | Carry> {
  const { started, stage, scope } = carry;
  const ref: BroadcastRef = { broadcastId: started.broadcastId, attempt: started.attempt };
  if (stage === 'prepare') {
    if (scope !== null) await broadcastSteps.reopenRecipients(ref, scope, started.recipients);
    // Also for a retry: an earlier attempt may have been stopped before it made them.
    await broadcastSteps.createContacts(ref, started.recipients);
  }
  if (stage !== 'settle') {
    const delivered = await deliver(started, desk, false);
    if (delivered.ended === 'handed_over') return { ...carry, stage: 'deliver' };
    if (delivered.ended !== 'done') return stopped(started, delivered, watch);
  }
  if ((await settle(ref, started.settleSeconds, desk)) === 'full') return { ...carry, stage: 'settle' };
  return ended(started, 'completed', null, watch);
}

/** Cancelled by people, or by an answer that every other recipient would get too. */
async function stopped(
  started: Carry['started'],
  { ended: how, problem }: { ended: string; problem: string | null },
  watch: Watching,
): Promise<BroadcastResult> {
  const { broadcastId, attempt, recipients } = started;
  if (how === 'failed') return ended(started, 'failed', problem, watch);
  await broadcastSteps.cancelPlanned({ broadcastId, attempt }, recipients);
  return ended(started, 'cancelled', null, watch);
}

async function ended(
  started: Carry['started'],
  state: 'completed' | 'cancelled' | 'failed',
  error: string | null,
  watch: Watching,
): Promise<BroadcastResult> {
  const { broadcastId, attempt } = started;
  await short.setState({ broadcastId, attempt }, state, error);
  // No look from before is shown after the end.
  watch.stop();
  return resultOf(await showEnd(broadcastId), null);
}

/** What people see at the end is the end, not the last look before it. */
async function showEnd(broadcastId: string): Promise<BroadcastStatus> {
  const status = await short.broadcastStatus(broadcastId);
  show(status);
  return status;
}

function resultOf(status: BroadcastStatus, runningIn: string | null): BroadcastResult {
  const { broadcastId, channel, state, attempt, recipients, fates, error } = status;
  return { broadcastId, channel, state, attempt, recipients, fates, runningIn, error };
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
