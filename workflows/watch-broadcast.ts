// Keeps what the Temporal UI shows of a running broadcast true: counts, rate, limit, time left, what holds it up.
import { CancellationScope, condition, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { BroadcastStatus } from '../pipelines/contracts/broadcast.ts';
import { describeBroadcast } from './broadcast-details.ts';
import { short } from './proxies.ts';
import { RowsDone, RowsTotal, Stage } from './search-attributes.ts';

/**
 * Seconds between two looks, growing: each costs about ten history events. Three seconds for people at first, five minutes
 * later, so that a day-long broadcast stays under 4,000 events.
 */
const FIRST_LOOK_S = 3;
const LAST_LOOK_S = 300;
/** Looks of one run at most; a broadcast of weeks keeps its history bounded. */
const MOST_LOOKS = 320;

/** Looks until stopped. A look that fails says nothing about the broadcast. */
export function watchBroadcast(started: { broadcastId: string; recipients: number }): { stop(): void } {
  let ended = false;
  const look = async () => {
    let seconds = FIRST_LOOK_S;
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      show(await short.broadcastStatus(started.broadcastId));
      if (await condition(() => ended, seconds * 1000, { summary: 'next look at the progress' })) return;
      seconds = Math.min(LAST_LOOK_S, seconds * 1.15);
    }
  };
  const scope = new CancellationScope({ cancellable: true });
  scope.run(look).catch(() => undefined);
  return {
    stop: () => {
      ended = true;
      scope.cancel();
    },
  };
}

export function show(status: BroadcastStatus): void {
  setCurrentDetails(describeBroadcast(status));
  upsertSearchAttributes([
    { key: Stage, value: status.state },
    { key: RowsDone, value: status.recipients - status.fates.planned - status.fates.claimed },
    { key: RowsTotal, value: status.recipients },
  ]);
}
