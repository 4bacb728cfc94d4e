// What a person sees who is asked to let a planned broadcast go out. It enters Temporal's history, so nothing personal is in it:
// the values of samples are shown as marks of their length.
import { compileMessage } from '../../contracts/message-template.ts';
import type { PlanResult } from '../../contracts/broadcast.ts';
import { idOfPlan } from './find-plan.ts';
import type { PlanPorts } from './plan-ports.ts';
import { planResult } from './plan-result.ts';
import { planSql } from './plan-sql.ts';
import { readPlan } from './plan-store.ts';

/** Samples shown, and marks for one value at most. */
const SAMPLES = 3;
const MOST_MARKS = 12;

export interface ApprovalView {
  plan: PlanResult;
  /** The message as it would go out to the first recipients, as JSON text, each value as so many marks. */
  samples: string[];
}

/**
 * The plan of that digest or broadcast id, with samples. Also notes on its row which workflow waits: it is the one that `approve`
 * reaches by the broadcast's id, and, unless the broadcast runs, `cancel`; while that run lives, no other one sends it. Calling it
 * again is harmless.
 * @throws PipelineError `plan_unknown`
 */
export async function approvalView(
  plan: string,
  run: { workflowId: string; runId: string },
  ports: PlanPorts,
): Promise<ApprovalView> {
  const id = await idOfPlan(ports.db, plan);
  await ports.db.query(
    `update broadcasts set plan_workflow_id = $2, plan_run_id = $3, asking_run_id = $3, updated_at = sluice_now()
     where id = $1`,
    [id, run.workflowId, run.runId],
  );
  const row = await readPlan(ports.db, id);
  const { rows } = await ports.db.query<{ parameters: string[] | null }>(planSql.samples, [id, SAMPLES]);
  const render = compileMessage(row.message, row.parameterNames);
  return {
    plan: await planResult(ports.db, id, ports),
    samples: rows.map(({ parameters }) => shortened(render((parameters ?? []).map(marks)))),
  };
}

/** Three whole messages could be more than Temporal likes to carry. */
const MOST_CHARACTERS = 4_000;

function shortened(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)} …`;
}

function marks(value: string | null): string {
  return '\u2592'.repeat(Math.min(MOST_MARKS, [...(value ?? '')].length));
}
