// What Temporal knows of a broadcast and its ledger does not: whether the workflow that is to send it, or that asks for approval,
// is still there.
import { isDeepStrictEqual } from 'node:util';
import { readStatus } from '../pipelines/broadcast/status.ts';
import type { BroadcastState, BroadcastStatus } from '../pipelines/contracts/broadcast.ts';
import { isRunning } from '../server/plan-deps.ts';
import type { Session } from './session.ts';

const OPEN: BroadcastState[] = ['running', 'paused', 'settling'];

/**
 * The status with what it waits for in `waiting`, when that is a person: the approval, or a start after its workflow was stopped
 * from outside. Unchanged where Temporal does not answer: the ledger's word is right without it.
 */
export async function withWorkflow(session: Session, status: BroadcastStatus): Promise<BroadcastStatus> {
  const seen = await runsOf(session, status.broadcastId);
  if (!seen) return status;
  if (seen.state !== status.state) return readStatus(session.db, status.broadcastId);
  const approval = !OPEN.includes(seen.state);
  const [workflowId, runId] = approval ? [seen.asking, seen.asking_run] : [seen.workflow_id, seen.run_id];
  if (workflowId === null || runId === null) return status;
  let runs: boolean;
  try {
    runs = await isRunning(await session.temporal(), workflowId, runId);
  } catch {
    return status;
  }
  if (runs !== approval) return status;
  // It may have begun or ended while Temporal was asked: then it waits for nobody.
  if (!isDeepStrictEqual(await runsOf(session, status.broadcastId), seen))
    return readStatus(session.db, status.broadcastId);
  if (approval) return { ...status, waiting: `approval, in workflow ${workflowId}` };
  return { ...status, waiting: `a start: workflow ${workflowId} was stopped from outside`, etaSeconds: null };
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

/** What to type when a person is waited for; null: nobody is. */
export function answerTo({ waiting, broadcastId }: BroadcastStatus): string | null {
  if (waiting?.startsWith('approval')) return `broadcast approve ${broadcastId}`;
  return waiting?.startsWith('a start') ? `broadcast start ${broadcastId}` : null;
}
