// The steps of the making of a plan as activities: each one call into pipelines/audience or pipelines/broadcast.
import { Context } from '@temporalio/activity';
import { matchList } from '../pipelines/audience/match-list.ts';
import { stageList } from '../pipelines/audience/stage-list.ts';
import { approvalView, type ApprovalView } from '../pipelines/broadcast/approval.ts';
import { abandonPlan } from '../pipelines/broadcast/plan-cleanup.ts';
import { freezePlan } from '../pipelines/broadcast/plan-freeze.ts';
import type { PlanPorts } from '../pipelines/broadcast/plan-ports.ts';
import { readPlanProgress } from '../pipelines/broadcast/plan-progress.ts';
import { registerPlan } from '../pipelines/broadcast/plan-register.ts';
import { beginPlanStep, planIsFinished } from '../pipelines/broadcast/plan-store.ts';
import type { PlanResult } from '../contracts/broadcast.ts';
import type { PlanInput } from '../contracts/plan-input.ts';
import { planStepNumber, type MatchResult, type PlanProgress, type PlanRef, type PlanStep } from '../contracts/plan.ts';
import { asStep } from './step.ts';

export type PlanActivityDeps = PlanPorts;

/** The ref, fenced to this try of the step: a try that Temporal gave up may still be running somewhere. */
function thisTry(ref: PlanRef, step: PlanStep): PlanRef {
  return { ...ref, step: planStepNumber(step, Context.current().info.attempt) };
}

export function createPlanActivities(deps: PlanActivityDeps) {
  return {
    async registerPlan(input: PlanInput): Promise<PlanRef> {
      const { workflowExecution } = Context.current().info;
      if (!workflowExecution) throw new Error('registerPlan runs inside a workflow only');
      return asStep((control) => registerPlan(input, workflowExecution, deps, control));
    },

    async stageList(ref: PlanRef): Promise<number> {
      return asStep(async (control) => {
        const fenced = thisTry(ref, 'staging');
        await beginPlanStep(deps.db, fenced);
        return stageList(fenced, deps, control);
      });
    },

    async matchList(ref: PlanRef): Promise<MatchResult> {
      return asStep(async (control) => {
        const fenced = thisTry(ref, 'matching');
        await beginPlanStep(deps.db, fenced);
        return matchList(fenced, deps, control);
      });
    },

    async freezePlan(ref: PlanRef): Promise<PlanResult> {
      return asStep(async () => {
        const fenced = thisTry(ref, 'freezing');
        // A try whose answer was lost has finished the plan; then only the answer is left to give.
        if (!(await planIsFinished(deps.db, ref.broadcastId))) await beginPlanStep(deps.db, fenced);
        return freezePlan(fenced, deps);
      });
    },

    async abandonPlan(ref: PlanRef, reason: string): Promise<void> {
      return asStep(() => abandonPlan(deps.db, ref.broadcastId, reason));
    },

    /** What a person approves; the plan's row names the workflow that waits, so that others can reach it by the broadcast's id. */
    async approvalView(plan: string): Promise<ApprovalView> {
      const { workflowExecution } = Context.current().info;
      if (!workflowExecution) throw new Error('approvalView runs inside a workflow only');
      return asStep(() => approvalView(plan, workflowExecution, deps));
    },

    async planProgress(broadcastId: string): Promise<PlanProgress> {
      return asStep(() => readPlanProgress(deps.db, broadcastId));
    },
  };
}
