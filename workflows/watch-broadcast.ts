// Keeps what the Temporal UI shows of a running broadcast true: counts, rate, limit, time left, what holds it up.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { BroadcastStatus } from '../contracts/broadcast.ts';
import { describeBroadcast } from './broadcast-details.ts';
import { short } from './proxies.ts';
import { RowsDone, RowsTotal, Stage } from './search-attributes.ts';
import { watchBeside } from './watching.ts';

/**
 * Seconds between two looks, growing: each costs about ten history events. Three seconds for people at first, five minutes
 * later, so that a day-long broadcast stays under 4,000 events.
 */
const FIRST_LOOK_S = 3;
const LAST_LOOK_S = 300;
/** Looks of one run at most: more would fill its history before anything else does. */
const MOST_LOOKS = 320;

/** Looks until stopped. A look that fails says nothing about the broadcast. */
/** `late`: an old look is shown although the watch was stopped meanwhile; only the course of earlier runs does so. */
export function watchBroadcast(started: { broadcastId: string; recipients: number }, late = false): { stop(): void } {
  return watchBeside(async (watch) => {
    let seconds = FIRST_LOOK_S;
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      const status = await short.broadcastStatus(started.broadcastId);
      if (!late && watch.ended()) return;
      show(status);
      if (await watch.over(seconds)) return;
      seconds = Math.min(LAST_LOOK_S, seconds * 1.15);
    }
  });
}

export function show(status: BroadcastStatus): void {
  setCurrentDetails(describeBroadcast(status));
  upsertSearchAttributes([
    { key: Stage, value: status.state },
    { key: RowsDone, value: status.recipients - status.fates.planned - status.fates.claimed },
    { key: RowsTotal, value: status.recipients },
  ]);
}
