// What answers say about the whole channel: slow down, hold up, all is well again, this broadcast cannot go on.
import type { Queryable } from '../../ports/database.ts';
import type { Budget } from '../limiter/lease.ts';
import { deliverySql } from './delivery-sql.ts';
import type { Answered } from './ports.ts';

/** Faults in a row that hold the channel up. Lower: two lost connections stop everybody; higher: a dead provider is hammered. */
const FAULTS_THAT_OPEN = 5;
/** How long everybody holds off when the provider says "too fast": its window of a second must empty. */
const RATE_PAUSE_MS = 1_000;

export interface SignalState {
  /** There were faults since the last success, as far as this slice knows. */
  troubled: boolean;
  /** The unit that went out as the probe of a held-up channel, by id. */
  probe: number | null;
}

/** The faults since the last success of a batch, in the order of the answers; and whether there was a success. Pure. */
export function faultsInARow(answers: Pick<Answered, 'answer' | 'answeredMs'>[]): { faults: number; success: boolean } {
  const inOrder = [...answers].sort((a, b) => a.answeredMs - b.answeredMs);
  const last = inOrder.map(({ answer }) => answer.class).lastIndexOf('accepted');
  return {
    faults: inOrder.slice(last + 1).filter(({ answer }) => answer.about === 'channel').length,
    success: last !== -1,
  };
}

/** Tells the database what a batch of answers means for the channel; calling it twice only repeats the same news. */
export async function signalChannel(
  db: Queryable,
  budget: Budget,
  broadcast: { broadcastId: string; broadcastAttempt: number },
  answers: Answered[],
  state: SignalState,
): Promise<void> {
  const { channel, endpoint } = budget;
  if (answers.some(({ answer }) => answer.about === 'rate'))
    await db.query(deliverySql.slow_down, [channel, endpoint, RATE_PAUSE_MS]);
  const all = answers.filter(({ answer }) => answer.about === 'channel');
  const pause = all.find(({ answer }) => answer.class === 'pause_channel');
  const row = faultsInARow(answers);
  if (row.faults > 0 || pause !== undefined) {
    state.troubled = true;
    const worst = pause ?? all.at(-1)!;
    await db.query(deliverySql.breaker_fault, [
      channel,
      worst.answer.code,
      pause !== undefined,
      FAULTS_THAT_OPEN,
      worst.answer.waitMs,
      all.some(({ unit }) => unit.id === state.probe),
      row.faults,
      row.success,
    ]);
  }
  const success = answers.filter(({ answer }) => answer.class === 'accepted');
  if (success.length > 0 && state.troubled && all.length === 0) {
    const began = Math.max(...success.map(({ slotMs, unit }) => slotMs ?? unit.claimedMs));
    await db.query(deliverySql.breaker_success, [channel, began]);
    state.troubled = false;
  }
  // What a repeat meets says nothing about first requests: those find out for themselves.
  const hopeless = answers.find(({ answer, unit }) => answer.about === 'broadcast' && !unit.unknown);
  if (hopeless)
    await db.query(deliverySql.stop_broadcast, [
      broadcast.broadcastId,
      `The provider refuses the message (${hopeless.answer.code}); every other recipient would get the same answer.`,
      broadcast.broadcastAttempt,
    ]);
}
