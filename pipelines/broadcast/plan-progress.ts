// How far the making of a plan is, for people who watch. Reads only; cheap enough to be asked every few seconds.
import type { Queryable } from '../../ports/database.ts';
import { planStepOf, type PlanProgress } from '../../contracts/plan.ts';
import { isPlanned, readPlan } from './plan-store.ts';

/** Counts as they stand now. @throws PipelineError `broadcast_unknown` */
export async function readPlanProgress(db: Queryable, broadcastId: string): Promise<PlanProgress> {
  const row = await readPlan(db, broadcastId);
  const stage = isPlanned(row) ? 'planned' : (planStepOf(row.planStep) ?? 'inspecting');
  const bytesTotal = row.profile.dataEnd ?? row.spoolBytes;
  const staged = row.stageByte >= bytesTotal;
  return {
    stage,
    linesDone: stage === 'staging' || stage === 'inspecting' ? row.lines : row.matchedLines,
    linesTotal: staged ? row.lines : null,
    bytesDone: row.stageByte,
    bytesTotal,
  };
}

/** The progress of the plan that a workflow run makes; null before it is registered. */
export async function readPlanProgressOfWorkflow(db: Queryable, workflowId: string): Promise<PlanProgress | null> {
  const { rows } = await db.query<{ id: string }>(
    'select id from broadcasts where plan_workflow_id = $1 order by id desc limit 1',
    [workflowId],
  );
  return rows[0] ? readPlanProgress(db, rows[0].id) : null;
}
