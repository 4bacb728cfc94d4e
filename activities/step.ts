// Runs one step of a pipeline inside an activity: heartbeat by timer, cancellation by signal, errors by their retry class.
import { activityInfo, Context } from '@temporalio/activity';
import type { StepControl } from '../ports/step-control.ts';
import { toFailure } from './failures.ts';

/** Milliseconds between heartbeats. Too high: pause and cancel come late (with the throttle cap); too low: calls to the server. */
const HEARTBEAT_MS = 1_000;

/** The result of `work`. Its errors become failures; when the activity is cancelled, whatever `work` threw is cancellation. */
export async function asStep<T>(work: (control: StepControl) => Promise<T>): Promise<T> {
  const context = Context.current();
  let done = 0;
  context.heartbeat({ done });
  const timer = setInterval(() => context.heartbeat({ done }), HEARTBEAT_MS);
  try {
    return await work({ signal: context.cancellationSignal, onProgress: (count) => (done = count) });
  } catch (error) {
    if (context.cancellationSignal.aborted) await context.cancelled;
    throw toFailure(error, activityInfo().attempt);
  } finally {
    clearInterval(timer);
  }
}
