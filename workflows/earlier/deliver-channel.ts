// How deliverChannel went before runs were bounded in pauses: kept so that runs begun then can be replayed and ended. Nothing new
// comes here; it goes when no such run can be alive.
import { condition, continueAsNew, setHandler, workflowInfo, allHandlersFinished } from '@temporalio/workflow';
import type { BroadcastRef, SliceResult } from '../../contracts/broadcast.ts';
import type { DeliverInput, DeliverResult } from '../deliver-channel.ts';
import { wakeSignal } from '../broadcast-messages.ts';
import { deliveryOn, short } from '../proxies.ts';

/** Slices at once. Lower: several workers are not used; higher: more requests are under way than a pause should wait for. */
const WINDOW = 4;
/** Slices asked for at a time: the more, the longer a list in the history; the fewer, the more questions. */
const ASKED = 64;
/** Events after which a run hands over. Temporal suggests 4,096; a run ends at the next quiet moment. */
const EVENTS = 3_000;
/** The longest sleep without a look whether people want something else. */
const LONGEST_SLEEP_MS = 300_000;

interface Pass {
  stopped: Exclude<SliceResult['stopped'], 'done'> | null;
  /** When the earliest slice that had to wait wants to go on. */
  nextAt: number | null;
  problem: string | null;
  /** The last slice that was begun. */
  after: number;
  /** The ledger had no more slices. */
  complete: boolean;
}

export async function deliverChannelEarlier(input: DeliverInput): Promise<DeliverResult> {
  const ref = { broadcastId: input.broadcastId, attempt: input.attempt };
  const { deliverSlice } = deliveryOn(input.channel);
  const run = (slice: number) =>
    deliverSlice.executeWithOptions({ summary: `slice ${slice}` }, [{ ...ref, channel: input.channel, slice }]);
  let woken = false;
  setHandler(wakeSignal, () => void (woken = true), { description: 'Look at once whether to go on.' });
  const bell: Bell = {
    silence: () => void (woken = false),
    sleep: async (ms, summary) =>
      void (await condition(() => woken, Math.max(1, Math.min(ms, LONGEST_SLEEP_MS)), { summary })),
  };

  if (input.resolveOnly) return resolveClaimed(input, run, bell, input.ended ?? { ended: 'cancelled', problem: null });
  const events = input.events ?? EVENTS;
  let after = input.after ?? -1;
  let window = WINDOW;
  for (;;) {
    bell.silence();
    const pass = await onePass(ref, run, { after, window, events });
    if (pass.stopped === 'cancelled' || pass.stopped === 'failed')
      return resolveClaimed(input, run, bell, { ended: pass.stopped, problem: pass.problem });
    if (pass.stopped === 'paused') await whilePaused(ref, bell);
    // One slice finds out whether a held-up channel works again; the others need not ask too.
    window = pass.stopped === 'wait' ? 1 : WINDOW;
    if (pass.stopped === 'wait') await bell.sleep((pass.nextAt ?? 0) - Date.now(), 'the channel is held up');
    after = pass.complete || pass.stopped !== null ? -1 : pass.after;
    if (pass.complete && pass.stopped === null) {
      const [open] = await short.openSlices(ref, -1, 1);
      if (!open) return { ended: 'done', problem: null };
      const next = await earliest(ref);
      if (next !== null && next > Date.now())
        await bell.sleep(next - Date.now(), 'recipients that are tried again later');
    }
    if (workflowInfo().historyLength > events) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof deliverChannelEarlier>({ ...input, after });
    }
  }
}

type Run = (slice: number) => Promise<SliceResult>;
/** Sleep that ends when people want something. What rang since it was silenced ends it at once: silence it before the look. */
interface Bell {
  silence(): void;
  sleep(ms: number, summary: string): Promise<void>;
}

/** Slices that are due, `window` at a time, until one of them says stop, none is left, or the history is long enough. */
async function onePass(
  ref: BroadcastRef,
  run: Run,
  { after, window, events }: { after: number; window: number; events: number },
): Promise<Pass> {
  const pass: Pass = { stopped: null, nextAt: null, problem: null, after, complete: false };
  let queue: { slice: number; nextMs: number | null }[] = [];
  let refill: Promise<void> | null = null;
  const next = async (): Promise<number | null> => {
    for (;;) {
      if (pass.stopped !== null) return null;
      const ready = queue.shift();
      if (ready) {
        pass.after = ready.slice;
        if (ready.nextMs === null || ready.nextMs <= Date.now()) return ready.slice;
        continue;
      }
      if (pass.complete || workflowInfo().historyLength > events) return null;
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
      if (result.stopped === 'wait') pass.nextAt = Math.min(pass.nextAt ?? Infinity, result.nextAt ?? Date.now());
      if (pass.stopped === null || pass.stopped === 'wait') pass.stopped = result.stopped;
      pass.problem ??= result.problem;
    }
  };
  await Promise.all(Array.from({ length: window }, loop));
  return pass;
}

async function earliest(ref: BroadcastRef): Promise<number | null> {
  const open = await short.openSlices(ref, -1, 1_000);
  if (open.some(({ nextMs }) => nextMs === null)) return null;
  return Math.min(...open.map(({ nextMs }) => nextMs!));
}

/** The ledger's word counts, not the signal's: a signal can come before the pause is noticed here. */
async function whilePaused(ref: BroadcastRef, bell: Bell): Promise<void> {
  for (;;) {
    bell.silence();
    if ((await short.readControl(ref)) !== 'pause') return;
    await bell.sleep(LONGEST_SLEEP_MS, 'paused');
  }
}

/** Repeats what may have been taken until it is known, also after a stop: the ledger has no other way to the truth. */
async function resolveClaimed(
  input: DeliverInput,
  run: Run,
  bell: Bell,
  result: DeliverResult,
): Promise<DeliverResult> {
  const ref = { broadcastId: input.broadcastId, attempt: input.attempt };
  for (;;) {
    bell.silence();
    const slices = await short.claimedSlices(ref);
    if (slices.length === 0) return result;
    let nextAt = Infinity;
    for (const slice of slices) {
      const { stopped, nextAt: due, waitMs } = await run(slice);
      // Results of then had no waits: what is repeated later came back as `wait`.
      if (stopped === 'wait' || (stopped === 'done' && typeof waitMs === 'number'))
        nextAt = Math.min(nextAt, due ?? Date.now());
    }
    if (nextAt !== Infinity) await bell.sleep(nextAt - Date.now(), 'requests nobody knows the end of');
    if (workflowInfo().historyLength > EVENTS)
      await continueAsNew<typeof deliverChannelEarlier>({ ...input, resolveOnly: true, ended: result });
  }
}
