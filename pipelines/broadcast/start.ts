// Starting: a workflow run takes a broadcast, and the contacts that its plan promised come into being.
import type { Database, Queryable, Transaction } from '../../adapters/postgres/database.ts';
import type { BroadcastRef, BroadcastState, RetryScope } from '../contracts/broadcast.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { broadcastSql } from './broadcast-sql.ts';

export interface WorkflowRun {
  workflowId: string;
  runId: string;
}

/** What to start: a plan by its digest, or a broadcast that was started before, with what is to be tried again. */
export type StartRequest =
  { digest: string; again: boolean; maxPlanAgeHours: number } | { broadcastId: string; scope: RetryScope };

export interface Started extends BroadcastRef {
  channel: string;
  recipients: number;
  settleSeconds: number;
  /** Another run that has it already; nothing is to be done here. */
  runningIn: string | null;
}

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
  recipients: number;
  age_s: number;
  sent_before: boolean;
}

/**
 * Gives the run its broadcast. Calling it again from the same run gives the same attempt; from another one while the first
 * still runs it changes nothing and names that one; after its end or its death the new run goes on from the ledger.
 * @throws PipelineError `plan_unknown`, `plan_too_old`, `plan_started`, `broadcast_unknown`, `broadcast_not_started`
 */
export async function startBroadcast(request: StartRequest, run: WorkflowRun, ports: StartPorts): Promise<Started> {
  return ports.db.transaction(async (tx) => {
    const found = await find(tx, request);
    const { rows } = await tx.query<{ settle: number }>(
      `select coalesce((options ->> 'settleSeconds')::integer, 900) as settle from broadcasts where id = $1`,
      [found.id],
    );
    const facts = {
      broadcastId: found.id,
      channel: found.channel_id,
      recipients: found.recipients,
      settleSeconds: rows[0]!.settle,
    };
    if (found.run_id === run.runId) return { ...facts, attempt: found.attempt, runningIn: null };
    if (found.run_id !== null && (await ports.isRunning(found.workflow_id!, found.run_id)))
      return { ...facts, attempt: found.attempt, runningIn: found.workflow_id };
    if ('digest' in request) checkStart(found, request);
    else checkRetry(found);
    const { rows: taken } = await tx.query<{ attempt: number }>(broadcastSql.take_over, [
      found.id,
      run.workflowId,
      run.runId,
    ]);
    return { ...facts, attempt: taken[0]!.attempt, runningIn: null };
  });
}

async function find(tx: Transaction, request: StartRequest): Promise<Found> {
  if ('digest' in request) {
    const { rows } = await tx.query<Found>(broadcastSql.lock_by_digest, [request.digest]);
    if (rows[0]) return rows[0];
    throw new PipelineError('plan_unknown', `There is no plan with the digest ${request.digest}.`, {
      hint: 'Make one with: sluice broadcast plan. It prints the digest.',
    });
  }
  const { rows } = await tx.query<Found>(broadcastSql.lock_by_id, [request.broadcastId]);
  if (rows[0]) return rows[0];
  throw new PipelineError('broadcast_unknown', `There is no broadcast ${request.broadcastId}.`, {
    hint: 'sluice broadcast list shows what there is.',
  });
}

const ENDED: BroadcastState[] = ['completed', 'cancelled', 'failed'];

function checkStart(found: Found, request: { again: boolean; maxPlanAgeHours: number }): void {
  if (found.attempt > 0) {
    // Its workflow died (Terminate, Reset): this one goes on from the ledger.
    if (!ENDED.includes(found.state)) return;
    throw new PipelineError('plan_started', `Broadcast ${found.id} of this plan has been sent already.`, {
      hint: `To send what failed: sluice broadcast retry ${found.id} --scope failed. To send all of it once more: plan it again, then start it with --again.`,
    });
  }
  if (found.sent_before && !request.again)
    throw new PipelineError('plan_started', 'The same message has been sent to the same recipients already.', {
      hint: 'If it is to go out once more, start it with --again.',
    });
  if (found.age_s > request.maxPlanAgeHours * 3600)
    throw new PipelineError(
      'plan_too_old',
      `The plan is ${Math.floor(found.age_s / 3600)} hours old; more than ${request.maxPlanAgeHours} are not taken.`,
      { hint: 'Plan again, so that the recipients are those of now; or raise --max-plan-age.' },
    );
}

function checkRetry(found: Found): void {
  if (found.attempt > 0) return;
  throw new PipelineError('broadcast_not_started', `Broadcast ${found.id} was never started.`, {
    hint: 'Start it with: sluice broadcast start --plan DIGEST.',
  });
}

/** @throws PipelineError `broadcast_superseded` when another run has taken it over */
export async function checkAttempt(db: Queryable, ref: BroadcastRef): Promise<void> {
  const { rows } = await db.query<{ attempt: number }>('select attempt from broadcasts where id = $1', [
    ref.broadcastId,
  ]);
  if (rows[0]?.attempt === ref.attempt) return;
  throw new PipelineError('broadcast_superseded', `Broadcast ${ref.broadcastId} went on in another workflow.`, {
    hint: `See it with: sluice broadcast status ${ref.broadcastId}.`,
  });
}
