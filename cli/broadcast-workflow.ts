// What Temporal knows of a broadcast and its ledger does not: whether the workflow that is to send it, or that asks for approval,
// is still there.
import { isDeepStrictEqual } from 'node:util';
import { readStatus } from '../pipelines/broadcast/status.ts';
import { OPEN_STATES, type BroadcastState, type BroadcastStatus } from '../contracts/broadcast.ts';
import { isRunning } from '../server/plan-deps.ts';
import type { Session } from './session.ts';

export interface StatusAndAnswer {
  status: BroadcastStatus;
  /** The command by which a person answers what is waited for, without `sluice`; null: nobody is waited for. */
  next: string | null;
}

/**
 * The status with what it waits for in `waiting`, when that is a person: the approval, or a start after its workflow was stopped
 * from outside. As the ledger says it where Temporal does not answer.
 */
export async function statusAndAnswer(session: Session, id: string): Promise<StatusAndAnswer> {
  const fromLedger = async () => ({ status: await readStatus(session.db, id), next: null });
  const { status } = await fromLedger();
  const seen = await runsOf(session, id);
  if (!seen) return { status, next: null };
  if (seen.state !== status.state) return fromLedger();
  const approval = !OPEN_STATES.includes(seen.state);
  const [workflowId, runId] = approval ? [seen.asking, seen.asking_run] : [seen.workflow_id, seen.run_id];
  if (workflowId === null || runId === null) return { status, next: null };
  let runs: boolean;
  try {
    runs = await isRunning(await session.temporal(), workflowId, runId);
  } catch {
    return { status, next: null };
  }
  if (runs !== approval) return { status, next: null };
  // It may have begun or ended while Temporal was asked: then it waits for nobody.
  if (!isDeepStrictEqual(await runsOf(session, id), seen)) return fromLedger();
  if (approval)
    return {
      status: { ...status, waiting: `approval, in workflow ${workflowId}` },
      next: `broadcast approve ${id}`,
    };
  return {
    status: { ...status, waiting: `a start: workflow ${workflowId} was stopped from outside`, etaSeconds: null },
    next: `broadcast start ${id}`,
  };
}

interface Runs extends Record<string, unknown> {
  state: BroadcastState;
  workflow_id: string | null;
  run_id: string | null;
  asking: string | null;
  asking_run: string | null;
}

async function runsOf({ db }: Session, id: string): Promise<Runs | undefined> {
  const { rows } = await db.query<Runs>(
    `select state, workflow_id, run_id, plan_workflow_id as asking, asking_run_id as asking_run from broadcasts
     where id = $1 and digest is not null`,
    [id],
  );
  return rows[0];
}
