// Plans a broadcast: matches a recipient list, freezes who gets what. The dry run of a broadcast; nothing is sent.
import { ApplicationFailure } from '@temporalio/workflow';
import type { PlanResult } from '../pipelines/contracts/broadcast.ts';
import { describeError, PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { parsePlanInput, type PlanInput } from '../pipelines/contracts/plan-input.ts';
import { runPlan } from './plan-steps.ts';

export { runPlan };

/**
 * @param input one JSON object, {@link PlanInput}; the least is
 * `{"channel": "line-tw", "csv": "/data/list.csv", "message": {"messages": […]}}`.
 * The same recipients, message and options as a plan that was not started give that plan.
 */
export async function planBroadcast(input: unknown): Promise<PlanResult> {
  return runPlan(parsed(input));
}

function parsed(input: unknown): PlanInput {
  try {
    return parsePlanInput(input);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    throw ApplicationFailure.nonRetryable(describeError(error), error.code);
  }
}
