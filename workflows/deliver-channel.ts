// Delivers one broadcast on its channel: a window of slices, again and again until nothing is left to send. What is left is
// always asked of the ledger, so that it makes no difference where an earlier run stopped. However long it takes, a run's history
// stays bounded: it hands over to the next, also in a pause.
import { allHandlersFinished, condition, continueAsNew, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import type { BroadcastRef, SliceResult } from '../contracts/broadcast.ts';
import { handOverSignal, wakeSignal } from './broadcast-messages.ts';
import { deliverChannelEarlier } from './earlier/deliver-channel.ts';
import { onePass, type Run } from './one-pass.ts';
import { deliveryOn, short } from './proxies.ts';

export interface DeliverInput extends BroadcastRef {
  channel: string;
  /** Only find out what became of requests under way; send nothing new. */
  resolveOnly: boolean;
  /** Where the pass goes on; -1: at the beginning. Left out by people. */
  after?: number;
  /** How the broadcast was stopped: only what is under way is resolved. Left out by people. */
  ended?: DeliverResult;
  /** Events after which a run hands over to the next; only tests and the recording of histories make it small. */
  events?: number;
}

export interface DeliverResult {
  /** `handed_over`: the broadcast asked for it, and starts another delivery. */
  ended: 'done' | 'cancelled' | 'failed' | 'handed_over';
  problem: string | null;
}

/** Slices at once. Lower: several workers are not used; higher: more requests are under way than a pause should wait for. */
const WINDOW = 4;
/** Events after which a run hands over. Temporal suggests 4,096; a run ends at the next quiet moment. */
const EVENTS = 3_000;
/** The longest sleep without a look whether people want something else: they wake it. */
const LONGEST_SLEEP_MS = 3_600_000;
/** First and last sleep in a pause, and between two looks at a channel that is held up. A channel is looked at oftener: nobody wakes it. */
const FIRST_PAUSE_MS = 60_000;
const FIRST_HELD_MS = 1_000;
const LAST_HELD_MS = 60_000;

/** Sleep that ends when people want something. What rang since it was silenced ends it at once: silence it before the look. */
interface Bell {
  silence(): void;
  sleep(ms: number, summary: string): Promise<void>;
  /** The broadcast wants to hand over. */
  handOver(): boolean;
}

function openBell(): Bell {
  let woken = false;
  let handOver = false;
  setHandler(wakeSignal, () => void (woken = true), { description: 'Look at once whether to go on.' });
  setHandler(handOverSignal, () => void (handOver = true), {
    description: 'From the broadcast: end at the next quiet moment; it starts another delivery.',
  });
  return {
    silence: () => void (woken = false),
    sleep: async (ms, summary) =>
      void (await condition(() => woken || handOver, Math.max(1, Math.min(ms, LONGEST_SLEEP_MS)), { summary })),
    handOver: () => handOver,
  };
}

export async function deliverChannel(input: DeliverInput): Promise<DeliverResult> {
  if (!patched('bounded-runs')) return deliverChannelEarlier(input);
  const ref = { broadcastId: input.broadcastId, attempt: input.attempt };
  const { deliverSlice } = deliveryOn(input.channel);
  const run: Run = (slice) =>
    deliverSlice.executeWithOptions({ summary: `slice ${slice}` }, [{ ...ref, channel: input.channel, slice }]);
  const bell = openBell();
  const events = input.events ?? EVENTS;
  const full = () => workflowInfo().historyLength > events;
  let ended = input.ended ?? (input.resolveOnly ? ({ ended: 'cancelled', problem: null } as const) : null);
  let after = input.after ?? -1;
  let window = WINDOW;
  let heldMs = FIRST_HELD_MS;
  for (;;) {
    if (bell.handOver()) {
      await condition(allHandlersFinished);
      return { ended: 'handed_over', problem: null };
    }
    if (full()) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof deliverChannel>({ ...input, after, ...(ended === null ? {} : { ended }) });
    }
    bell.silence();
    if (ended !== null) {
      if (await resolved(ref, run, bell)) return ended;
      continue;
    }
    const pass = await onePass(ref, run, { after, window, stop: () => full() || bell.handOver() });
    after = pass.complete || pass.stopped !== null ? -1 : pass.after;
    if (pass.stopped === 'cancelled' || pass.stopped === 'failed')
      ended = { ended: pass.stopped, problem: pass.problem };
    if (pass.stopped === 'paused') await paused(ref, run, bell, () => full() || bell.handOver());
    // One slice finds out whether a held-up channel works again; the others need not ask too.
    window = pass.stopped === 'wait' ? 1 : WINDOW;
    if (pass.stopped === 'wait') {
      await bell.sleep(Math.max(pass.waitMs ?? 0, heldMs), 'the channel is held up');
      heldMs = Math.min(LAST_HELD_MS, heldMs * 2);
    } else heldMs = FIRST_HELD_MS;
    if (pass.stopped !== null || !pass.complete) continue;
    const look = await short.outlook(ref);
    if (!look.open) return { ended: 'done', problem: null };
    if (look.waitMs > 0)
      await bell.sleep(
        look.waitMs,
        look.settling ? 'requests nobody knows the end of' : 'recipients tried again later',
      );
  }
}

/** The ledger's word counts, not the signal's. What may have been taken is asked about in a pause, too. */
async function paused(ref: BroadcastRef, run: Run, bell: Bell, stop: () => boolean): Promise<void> {
  let heldMs = FIRST_HELD_MS;
  for (let sleepMs = FIRST_PAUSE_MS; !stop(); sleepMs = Math.min(LONGEST_SLEEP_MS, sleepMs * 2)) {
    bell.silence();
    if ((await short.readControl(ref)) !== 'pause') return;
    const { unresolvedMs } = await short.outlook(ref);
    if (unresolvedMs === null || unresolvedMs > 0) {
      await bell.sleep(Math.min(sleepMs, unresolvedMs ?? sleepMs), 'paused');
      continue;
    }
    const results: SliceResult[] = [];
    for (const slice of await short.claimedSlices(ref)) results.push(await run(slice));
    // A channel that is held up is not asked again at once because somebody pauses.
    if (!results.some(({ stopped }) => stopped === 'wait')) continue;
    await bell.sleep(Math.max(heldMs, heldUpMs(results)), 'the channel is held up');
    heldMs = Math.min(LAST_HELD_MS, heldMs * 2);
  }
}

/** Until the first of the slices that had to wait may go on. */
function heldUpMs(results: SliceResult[]): number {
  const waits = results.filter(({ stopped }) => stopped === 'wait').map(({ waitMs }) => waitMs ?? 0);
  return waits.length === 0 ? 0 : Math.min(...waits);
}

/** One look at what may have been taken, after a stop: the ledger has no other way to the truth. True when nothing is left of it. */
async function resolved(ref: BroadcastRef, run: Run, bell: Bell): Promise<boolean> {
  const slices = await short.claimedSlices(ref);
  if (slices.length === 0) return true;
  const results: SliceResult[] = [];
  for (const slice of slices) results.push(await run(slice));
  const { unresolvedMs } = await short.outlook(ref);
  const waitMs = Math.max(heldUpMs(results), unresolvedMs ?? 0);
  if (waitMs > 0 || unresolvedMs !== null)
    await bell.sleep(Math.max(FIRST_HELD_MS, waitMs), 'requests nobody knows the end of');
  return false;
}
