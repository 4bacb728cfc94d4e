// Waits for evidence about recipients whose answers were lost; not at all where there are none. Until when is in the ledger, by the
// database's clock, so that it makes no difference which run waits.
import { condition } from '@temporalio/workflow';
import type { BroadcastRef } from '../contracts/broadcast.ts';
import type { BroadcastDesk } from './broadcast-desk.ts';
import { short } from './proxies.ts';

/** Between two looks, growing: seven days of them stay under 4,000 events. Evidence that comes is found with the next look. */
const FIRST_LOOK_MS = 10_000;
const LAST_LOOK_MS = 3_600_000;
const GROWTH = 1.5;

/** `over`: nobody is uncertain, or the time is up, or people have ended it. `full`: another run waits on. */
export async function settle(ref: BroadcastRef, settleSeconds: number, desk: BroadcastDesk): Promise<'over' | 'full'> {
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LAST_LOOK_MS, lookMs * GROWTH)) {
    desk.silence();
    const { uncertain, leftMs } = await short.settleLook(ref, settleSeconds);
    if (uncertain === 0 || leftMs <= 0 || desk.cancelled) return 'over';
    if (desk.full()) return 'full';
    await condition(() => desk.cancelled || desk.woken || desk.full(), Math.max(1, Math.min(lookMs, leftMs)), {
      summary: 'evidence about uncertain recipients',
    });
  }
}
