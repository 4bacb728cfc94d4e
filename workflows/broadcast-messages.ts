// The messages a running broadcast takes: each as an update, which answers, and as a signal, which the Temporal UI can always
// send. Names end in -Signal for the twin.
import { defineSignal, defineUpdate } from '@temporalio/workflow';

/** What an update answers. */
export interface ControlAnswer {
  broadcastId: string | null;
  state: string;
  /** Recipients whose requests were still under way when the answer was given. */
  underWay: number;
}

export interface RateChange {
  /** Requests a second at most for this broadcast, below its channel's rate; null: no cap of its own. */
  perSecond: number | null;
}

export const approveUpdate = defineUpdate<ControlAnswer>('approve');
export const pauseUpdate = defineUpdate<ControlAnswer>('pause');
export const resumeUpdate = defineUpdate<ControlAnswer>('resume');
export const cancelUpdate = defineUpdate<ControlAnswer>('cancel');
export const setRateUpdate = defineUpdate<ControlAnswer, [RateChange]>('setRate');
export const giveUpUpdate = defineUpdate<ControlAnswer>('giveUp');

export const approveSignal = defineSignal('approveSignal');
export const pauseSignal = defineSignal('pauseSignal');
export const resumeSignal = defineSignal('resumeSignal');
export const cancelSignal = defineSignal('cancelSignal');
export const setRateSignal = defineSignal<[RateChange]>('setRateSignal');
export const giveUpSignal = defineSignal('giveUpSignal');

/** From a broadcast to its deliverChannel: something changed in the ledger. */
export const wakeSignal = defineSignal('wake');
/** From a broadcast whose history is long to its deliverChannel. */
export const handOverSignal = defineSignal('handOver');
