// What Temporal knows of a broadcast and its ledger does not: whether the workflow that is to send it, or that asks for approval,
// is still there.
import { isRunning } from '../server/plan-deps.ts';
import type { BroadcastState, BroadcastStatus } from '../pipelines/contracts/broadcast.ts';
import type { Session } from './session.ts';

const OPEN: BroadcastState[] = ['running', 'paused', 'settling'];

/**
 * The status with what it waits for in `waiting`, when that is a person: the approval, or a start after its workflow was stopped
 * from outside. Unchanged where Temporal does not answer: the ledger's word is right without it.
 */
export async function withWorkflow(session: Session, status: BroadcastStatus): Promise<BroadcastStatus> {
  const open = OPEN.includes(status.state);
  if (!open && status.state !== 'planned') return status;
  const { rows } = await session.db.query<{ workflow_id: string | null; run_id: string | null }>(
    `select case when attempt = 0 then plan_workflow_id else workflow_id end as workflow_id,
       case when attempt = 0 then plan_run_id else run_id end as run_id
     from broadcasts where id = $1`,
    [status.broadcastId],
  );
  const { workflow_id: workflowId = null, run_id: runId = null } = rows[0] ?? {};
  if (workflowId === null || runId === null) return status;
  let runs: boolean;
  try {
    runs = await isRunning(await session.temporal(), workflowId, runId);
  } catch {
    return status;
  }
  if (runs && !open) return { ...status, waiting: `approval, in workflow ${workflowId}` };
  if (runs || !open) return status;
  return { ...status, waiting: `a start: workflow ${workflowId} was stopped from outside`, etaSeconds: null };
}

/** What to type when a person is waited for; null: nobody is. */
export function answerTo({ waiting, broadcastId }: BroadcastStatus): string | null {
  if (waiting?.startsWith('approval')) return `broadcast approve ${broadcastId}`;
  return waiting?.startsWith('a start') ? `broadcast start ${broadcastId}` : null;
}
