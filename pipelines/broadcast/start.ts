// Starting: a workflow run takes a broadcast, whatever it was started by: a plan's digest, a broadcast's id, a list, a retry.
import type { Database, Transaction } from '../../ports/database.ts';
import { ENDED_STATES, RETRY_SCOPES, type BroadcastState, type RetryScope } from '../../contracts/broadcast.ts';
import type { Started } from '../../contracts/broadcast-input.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { idOfPlan, startedBefore, unknownBroadcast } from './find-plan.ts';

/**
 * `chain`: the first run of the workflow's chain; the runs that follow it by continue-as-new are the same to a broadcast. `runId`: the
 * run itself. A Reset makes another run of the same chain, beside deliveries of the one before.
 */
export interface WorkflowRun {
  workflowId: string;
  runId: string;
  chain?: string;
}

interface Approval {
  /** The run itself was approved by a person. */
  approved?: boolean;
}

interface PlanStart extends Approval {
  again: boolean;
  maxPlanAgeHours: number;
}

/** What to start: a plan by its digest or its broadcast's id, or a broadcast that was started before, with what is to be tried again. */
export type StartRequest =
  | ({ digest: string } & PlanStart)
  | ({ broadcastId: string; scope?: undefined } & PlanStart)
  | ({ broadcastId: string; scope: RetryScope } & Approval);

export interface StartPorts {
  db: Database;
  isRunning(workflowId: string, runId: string): Promise<boolean>;
}

interface Found extends Record<string, unknown> {
  id: string;
  channel_id: string;
  state: BroadcastState;
  attempt: number;
  workflow_id: string | null;
  run_id: string | null;
  taken_by: string | null;
  plan_workflow_id: string | null;
  asking_run_id: string | null;
  scope: RetryScope | null;
  recipients: number;
  settle: number;
  age_s: number;
}

/**
 * Gives the run its broadcast. Calling it again from the same run gives the same attempt; from another one while the first
 * still runs it changes nothing and names that one; after its end or its death the new run goes on from the ledger.
 * @throws PipelineError `plan_unknown`, `plan_too_old`, `plan_started`, `broadcast_unknown`, `broadcast_not_started`,
 * `retry_running`, `nothing_to_retry`, `waits_for_approval`
 */
export async function startBroadcast(request: StartRequest, run: WorkflowRun, ports: StartPorts): Promise<Started> {
  return ports.db.transaction(async (tx) => {
    const found = await find(tx, request);
    const facts = {
      broadcastId: found.id,
      channel: found.channel_id,
      recipients: found.recipients,
      settleSeconds: found.settle,
    };
    const chain = run.chain ?? run.runId;
    const own = found.run_id === chain;
    if (own && found.taken_by === run.runId) return { ...facts, attempt: found.attempt, runningIn: null };
    const scope = 'scope' in request ? (request.scope ?? null) : null;
    if (!own && found.run_id !== null && (await ports.isRunning(found.workflow_id!, found.run_id))) {
      if (scope !== null) refuseOtherScope(found, scope);
      return { ...facts, attempt: found.attempt, runningIn: found.workflow_id };
    }
    // A Reset goes on from the ledger, also where the broadcast had failed.
    const goesOn = own && found.state !== 'completed' && found.state !== 'cancelled';
    if (!own && !request.approved) await refuseUnapproved(found, run, ports);
    if (!goesOn && scope === null) await checkStart(tx, found, request as PlanStart);
    if (!goesOn && scope !== null) await checkRetry(tx, found, scope);
    const { rows: taken } = await tx.query<{ attempt: number }>(broadcastSql.take_over, [
      found.id,
      run.workflowId,
      chain,
      scope,
      run.runId,
    ]);
    await tx.query(broadcastSql.supersede_slices, [found.id]);
    return { ...facts, attempt: taken[0]!.attempt, runningIn: null };
  });
}

async function find(tx: Transaction, request: StartRequest): Promise<Found> {
  const id = 'digest' in request ? await idOfPlan(tx, request.digest) : request.broadcastId;
  const { rows } = await tx.query<Found>(broadcastSql.lock_broadcast, [id]);
  if (rows[0]) return rows[0];
  throw unknownBroadcast(id);
}

async function checkStart(tx: Transaction, found: Found, request: PlanStart): Promise<void> {
  if (found.attempt > 0) {
    // Its workflow died (Terminate, Reset): this one goes on from the ledger.
    if (!ENDED_STATES.includes(found.state)) return;
    const left = (await leftOfScopes(tx, found.id, RETRY_SCOPES)).map(
      (scope) => `To send what ${LEFT[scope]}: sluice broadcast retry ${found.id} --scope ${scope}.`,
    );
    throw new PipelineError('plan_started', `Broadcast ${found.id} of this plan is ${found.state} already.`, {
      hint: [...left, 'To send all of it once more: plan it again, then start it with --again.'].join(' '),
    });
  }
  const before = request.again ? null : await startedBefore(tx, found.id);
  if (before !== null)
    throw new PipelineError(
      'plan_started',
      `The same message to the same recipients is broadcast ${before.id}, which is ${before.state}.`,
      {
        hint: `What became of it: sluice broadcast status ${before.id}. If it is to go out once more, start broadcast ${found.id} with --again.`,
      },
    );
  if (found.age_s > request.maxPlanAgeHours * 3600)
    throw new PipelineError(
      'plan_too_old',
      `The plan is ${Math.floor(found.age_s / 3600)} hours old; more than ${request.maxPlanAgeHours} are not taken.`,
      { hint: 'Plan again, so that the recipients are those of now; or raise --max-plan-age.' },
    );
}

/** What a retry of each scope sends, as people are told. */
const LEFT: Record<RetryScope, string> = {
  planned: 'was not sent yet',
  failed: 'failed and may be tried again',
  uncertain: 'is uncertain, at the risk of a second message',
  cancelled: 'was cancelled',
};

async function leftOfScopes(tx: Transaction, id: string, scopes: readonly RetryScope[]): Promise<RetryScope[]> {
  const { rows } = await tx.query<{ scope: RetryScope }>(broadcastSql.left_of_scopes, [id, scopes]);
  return rows.map(({ scope }) => scope);
}

/** Somebody is asked to approve it: what goes out by another way would go out behind their back. */
async function refuseUnapproved(found: Found, run: WorkflowRun, ports: StartPorts): Promise<void> {
  const { plan_workflow_id: asking, asking_run_id: askingRun } = found;
  if (asking === null || askingRun === null || asking === run.workflowId) return;
  if (!(await ports.isRunning(asking, askingRun))) return;
  throw new PipelineError('waits_for_approval', `Broadcast ${found.id} waits for approval, in workflow ${asking}.`, {
    hint: `Send it with: sluice broadcast approve ${found.id}; or end the question with: sluice broadcast cancel ${found.id}.`,
  });
}

/** A run that died is gone on with by `planned` and by its own scope, also where nothing is left to send: so it comes to its end. */
async function checkRetry(tx: Transaction, found: Found, scope: RetryScope): Promise<void> {
  if (found.attempt === 0)
    throw new PipelineError('broadcast_not_started', `Broadcast ${found.id} was never started.`, {
      hint: `Start it with: sluice broadcast start ${found.id}.`,
    });
  const died = !ENDED_STATES.includes(found.state);
  if (died && (scope === 'planned' || found.scope === scope)) return;
  if ((await leftOfScopes(tx, found.id, [scope])).length > 0) return;
  throw new PipelineError('nothing_to_retry', `Broadcast ${found.id} has nothing to retry in scope ${scope}.`, {
    hint: died
      ? `Nothing was changed. It was stopped from outside; go on with: sluice broadcast start ${found.id}.`
      : `Nothing was changed. What became of everybody: sluice broadcast status ${found.id}.`,
  });
}

/**
 * The same question before a retry is started, so that nothing is started for nothing. It is asked again when it starts.
 * @throws PipelineError `broadcast_unknown`, `broadcast_not_started`, `nothing_to_retry`
 */
export async function checkRetryPossible(db: Database, broadcastId: string, scope: RetryScope): Promise<void> {
  await db.transaction(async (tx) => {
    const found = await find(tx, { broadcastId, scope });
    // Whether one that has not ended still runs is known where it starts.
    if (found.attempt === 0 || ENDED_STATES.includes(found.state)) await checkRetry(tx, found, scope);
  });
}

/** A retry that would silently become another one. */
function refuseOtherScope(found: Found, scope: RetryScope): void {
  if (found.scope !== scope)
    throw retryRunning(found.id, { running: found.scope, workflowId: found.workflow_id!, wanted: scope });
}

/** `running`: the scope that the workflow was started for, `wanted`: the one asked for; null: a start. */
export function retryRunning(
  broadcastId: string,
  { running, workflowId, wanted }: { running: string | null; workflowId: string; wanted: RetryScope | null },
): PipelineError {
  const what = running === null ? 'is being sent' : `is being retried with --scope ${running}`;
  const then = wanted === null ? 'try again' : `sluice broadcast retry ${broadcastId} --scope ${wanted}`;
  return new PipelineError('retry_running', `Broadcast ${broadcastId} ${what}, as workflow ${workflowId}.`, {
    hint: `Wait for its end, or cancel it; then: ${then}.`,
  });
}
