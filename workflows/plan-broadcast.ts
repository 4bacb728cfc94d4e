// Plans a broadcast: matches a recipient list, freezes who gets what. The dry run of a broadcast; nothing is sent.
import type { PlanResult } from '../contracts/broadcast.ts';
import { parsePlanInput } from '../contracts/plan-input.ts';
import { parsedBy } from './parsed-input.ts';
import { runPlan } from './plan-steps.ts';

export { runPlan };

/**
 * @param input one JSON object, `PlanInput`; the least is
 * `{"channel": "line-tw", "csv": "/data/list.csv", "message": {"messages": […]}}`.
 * The same recipients, message and options as a plan that was not started give that plan.
 */
export async function planBroadcast(input: unknown): Promise<PlanResult> {
  return runPlan(parsedBy(parsePlanInput, input));
}
