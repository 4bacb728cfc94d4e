// What people see of an import while its steps run, and what is written down when it stops. Shared by all kinds of imports.
import { CancellationScope, isCancellation, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ImportRef } from '../contracts/import.ts';
import { describeProgress, describeResult, rateOf, type Sample } from './import-details.ts';
import { short } from './proxies.ts';
import { RowsDone, RowsTotal, Stage } from './search-attributes.ts';
import { reasonOf, watchBeside } from './watching.ts';

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

/**
 * Seconds between two looks. Each look costs about ten history events: three seconds at first, for people; up to a minute
 * later, so that a day-long import stays under 20,000 events.
 */
const FIRST_LOOK_S = 3;
const LAST_LOOK_S = 60;

/** Keeps the details in the Temporal UI and the search attributes true while the steps run. */
export function watchProgress(ref: ImportRef, names?: readonly string[]): { stop(): void } {
  return watchBeside(async (watch) => {
    let seconds = FIRST_LOOK_S;
    let last: Sample | null = null;
    while (!(await watch.over(seconds))) {
      const progress = await short.importProgress(ref.importId);
      const sample: Sample = { at: Date.now(), progress };
      if (watch.ended()) return;
      setCurrentDetails(describeProgress(ref.importId, sample, rateOf(last, sample), names));
      upsertSearchAttributes([
        { key: Stage, value: progress.state },
        { key: RowsDone, value: progress.linesDone },
        ...(progress.linesTotal === null ? [] : [{ key: RowsTotal, value: progress.linesTotal }]),
      ]);
      last = sample;
      seconds = Math.min(LAST_LOOK_S, seconds * 1.25);
    }
  });
}
