// Looking beside the steps of a workflow: keeps what people see true while they run, and stops with them.
import { CancellationScope, condition } from '@temporalio/workflow';

export interface Watch {
  /** Waits so long, or until the watch is stopped: then true. */
  over(seconds: number): Promise<boolean>;
  /** Stopped while a look was under way: what it found is old. */
  ended(): boolean;
}

/** Runs `looks` beside whatever comes next. A look that fails says nothing about the steps: they report for themselves. */
export function watchBeside(looks: (watch: Watch) => Promise<void>): { stop(): void } {
  let ended = false;
  const watch: Watch = {
    over: (seconds) => condition(() => ended, seconds * 1000, { summary: 'next look at the progress' }),
    ended: () => ended,
  };
  const scope = new CancellationScope({ cancellable: true });
  scope.run(() => looks(watch)).catch(() => undefined);
  return {
    stop: () => {
      ended = true;
      scope.cancel();
    },
  };
}

/** What an activity died of, without the wrapping that Temporal puts around it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** The same of what a child workflow's activity died of: Temporal wraps it once for each. */
export function innermostReason(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}
