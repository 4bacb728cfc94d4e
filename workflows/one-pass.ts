// One pass of a delivery over the slices that are due, a window of them at a time.
import type { BroadcastRef, SliceResult } from '../contracts/broadcast.ts';
import { short } from './proxies.ts';

export type Run = (slice: number) => Promise<SliceResult>;

export interface Pass {
  stopped: Exclude<SliceResult['stopped'], 'done'> | null;
  /** Until the earliest slice that had to wait wants to go on. */
  waitMs: number | null;
  problem: string | null;
  /** The last slice that was begun. */
  after: number;
  /** The ledger had no more slices. */
  complete: boolean;
}

/** Slices asked for at a time: the more, the longer a list in the history; the fewer, the more questions. */
const ASKED = 64;

/** Slices that are due, `window` at a time, until one of them says stop, none is left, or `stop` says so. */
export async function onePass(
  ref: BroadcastRef,
  run: Run,
  { after, window, stop }: { after: number; window: number; stop: () => boolean },
): Promise<Pass> {
  const pass: Pass = { stopped: null, waitMs: null, problem: null, after, complete: false };
  let queue: { slice: number; waitMs: number | null }[] = [];
  let refill: Promise<void> | null = null;
  const next = async (): Promise<number | null> => {
    for (;;) {
      if (pass.stopped !== null) return null;
      const ready = queue.shift();
      if (ready) {
        pass.after = ready.slice;
        if ((ready.waitMs ?? 0) <= 0) return ready.slice;
        continue;
      }
      if (pass.complete || stop()) return null;
      refill ??= (async () => {
        queue = await short.openSlices(ref, pass.after, ASKED);
        pass.complete = queue.length === 0;
        refill = null;
      })();
      await refill;
    }
  };
  const loop = async (): Promise<void> => {
    for (let slice = await next(); slice !== null; slice = await next()) {
      const result = await run(slice);
      if (result.stopped === 'done') continue;
      if (result.stopped === 'wait') pass.waitMs = Math.min(pass.waitMs ?? Infinity, result.waitMs ?? 0);
      if (pass.stopped === null || pass.stopped === 'wait') pass.stopped = result.stopped;
      pass.problem ??= result.problem;
    }
  };
  await Promise.all(Array.from({ length: window }, loop));
  return pass;
}
