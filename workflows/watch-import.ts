// What people see of an import while its steps run, and what is written down when it stops. Shared by all kinds of imports.
import {
  CancellationScope,
  condition,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { ImportRef } from '../pipelines/contracts/import.ts';
import { describeProgress, describeResult, rateOf, type Sample } from './import-details.ts';
import { short } from './proxies.ts';
import { RowsDone, RowsTotal, Stage } from './search-attributes.ts';

/** Shows how an import ended, and gives its result. `names`: the outcomes there are. */
export function showEnd<Result extends Parameters<typeof describeResult>[0]>(
  result: Result,
  names?: readonly string[],
): Result {
  setCurrentDetails(describeResult(result, names));
  upsertSearchAttributes([
    { key: Stage, value: result.state },
    { key: RowsDone, value: result.lines },
    { key: RowsTotal, value: result.lines },
  ]);
  return result;
}

/** Calls `stop` with why the import stopped, also when the workflow itself is being cancelled. */
export function whenStopped<T>(
  error: unknown,
  stop: (state: 'cancelled' | 'failed', reason: string) => Promise<T>,
): Promise<T> {
  return CancellationScope.nonCancellable(() =>
    isCancellation(error)
      ? stop('cancelled', 'Cancelled. A new start of the same file goes on from here.')
      : stop('failed', reasonOf(error)),
  );
}

/** What an activity died of, without the wrapping that Temporal puts around it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/**
 * Seconds between two looks. Each look costs about ten history events: three seconds at first, for people; up to a minute
 * later, so that a day-long import stays under 20,000 events.
 */
const FIRST_LOOK_S = 3;
const LAST_LOOK_S = 60;

/** Keeps the details in the Temporal UI and the search attributes true while the steps run. */
export function watchProgress(ref: ImportRef, names?: readonly string[]): { stop(): void } {
  let ended = false;
  const look = async () => {
    let seconds = FIRST_LOOK_S;
    let last: Sample | null = null;
    while (!(await condition(() => ended, seconds * 1000, { summary: 'next look at the progress' }))) {
      const progress = await short.importProgress(ref.importId);
      const sample: Sample = { at: Date.now(), progress };
      if (ended) return;
      setCurrentDetails(describeProgress(ref.importId, sample, rateOf(last, sample), names));
      upsertSearchAttributes([
        { key: Stage, value: progress.state },
        { key: RowsDone, value: progress.linesDone },
        ...(progress.linesTotal === null ? [] : [{ key: RowsTotal, value: progress.linesTotal }]),
      ]);
      last = sample;
      seconds = Math.min(LAST_LOOK_S, seconds * 1.25);
    }
  };
  // A look that fails says nothing about the import: its steps report for themselves.
  const scope = new CancellationScope({ cancellable: true });
  scope.run(look).catch(() => undefined);
  return {
    stop: () => {
      ended = true;
      scope.cancel();
    },
  };
}
