// The steps that make a plan, in order, and what people see of them meanwhile. Used by `planBroadcast`, and by whatever other
// workflow needs a plan first. Holds ids and counts; every line stays in Postgres.
import { CancellationScope, isCancellation, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { PlanResult } from '../contracts/broadcast.ts';
import type { PlanInput } from '../contracts/plan-input.ts';
import type { PlanRef } from '../contracts/plan.ts';
import { describePlan, describePlanProgress } from './plan-details.ts';
import { short, steps } from './proxies.ts';
import { BroadcastId, Channel, RowsDone, RowsTotal, Stage } from './search-attributes.ts';
import { reasonOf, watchBeside } from './watching.ts';

/**
 * Makes a plan: register, stage, match, freeze. Writes no contact and sends nothing. When it fails or is cancelled, only an
 * unfinished row is left, and that goes when the next plan is made.
 */
export async function runPlan(input: PlanInput): Promise<PlanResult> {
  upsertSearchAttributes([
    { key: Channel, value: input.channel },
    { key: Stage, value: 'inspecting' },
  ]);
  setCurrentDetails(`**inspecting** a recipient list for \`${input.channel}\``);
  const ref = await steps.registerPlan(input);
  upsertSearchAttributes([{ key: BroadcastId, value: ref.broadcastId }]);
  const watch = watchPlan(ref);
  try {
    await steps.stageList(ref);
    await steps.matchList(ref);
    const result = await steps.freezePlan(ref);
    watch.stop();
    setCurrentDetails(describePlan(result));
    upsertSearchAttributes([
      { key: BroadcastId, value: result.broadcastId },
      { key: Stage, value: 'planned' },
      { key: RowsDone, value: result.lines },
      { key: RowsTotal, value: result.lines },
    ]);
    return result;
  } catch (error) {
    watch.stop();
    const cancelled = isCancellation(error);
    upsertSearchAttributes([{ key: Stage, value: cancelled ? 'cancelled' : 'failed' }]);
    await CancellationScope.nonCancellable(() => short.abandonPlan(ref, cancelled ? 'Cancelled.' : reasonOf(error)));
    throw error;
  }
}

/** Seconds between two looks: as for imports, each look costs about ten history events. */
const FIRST_LOOK_S = 3;
const LAST_LOOK_S = 60;

/** Keeps the details in the Temporal UI and the search attributes true while the steps run. */
function watchPlan(ref: PlanRef): { stop(): void } {
  return watchBeside(async (watch) => {
    let seconds = FIRST_LOOK_S;
    while (!(await watch.over(seconds))) {
      const progress = await short.planProgress(ref.broadcastId);
      if (watch.ended()) return;
      setCurrentDetails(describePlanProgress(ref.broadcastId, progress));
      upsertSearchAttributes([
        { key: Stage, value: progress.stage },
        { key: RowsDone, value: progress.linesDone },
        ...(progress.linesTotal === null ? [] : [{ key: RowsTotal, value: progress.linesTotal }]),
      ]);
      seconds = Math.min(LAST_LOOK_S, seconds * 1.25);
    }
  });
}
