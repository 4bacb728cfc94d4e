// What answers say about the whole channel: slow down, hold up, all is well again, this broadcast cannot go on.
import type { Queryable } from '../../adapters/postgres/database.ts';
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

/** Tells the database what a batch of answers means for the channel; calling it twice only repeats the same news. */
export async function signalChannel(
  db: Queryable,
  budget: Budget,
  broadcastId: string,
  answers: Answered[],
  state: SignalState,
): Promise<void> {
  const { channel, endpoint } = budget;
  if (answers.some(({ answer }) => answer.about === 'rate'))
    await db.query(deliverySql.slow_down, [channel, endpoint, RATE_PAUSE_MS]);
  const faults = answers.filter(({ answer }) => answer.about === 'channel');
  if (faults.length > 0) {
    state.troubled = true;
    const pause = faults.find(({ answer }) => answer.class === 'pause_channel');
    const worst = pause ?? faults[0]!;
    const probed = faults.some(({ unit }) => unit.id === state.probe);
    await db.query(deliverySql.breaker_fault, [
      channel,
      worst.answer.code,
      pause !== undefined,
      Math.max(1, FAULTS_THAT_OPEN - faults.length + 1),
      worst.answer.waitMs,
      probed,
    ]);
  }
  const success = answers.filter(({ answer }) => answer.class === 'accepted');
  if (success.length > 0 && state.troubled && faults.length === 0) {
    const began = Math.max(...success.map(({ slotMs, unit }) => slotMs ?? unit.claimedMs));
    await db.query(deliverySql.breaker_success, [channel, began]);
    state.troubled = false;
  }
  const hopeless = answers.find(({ answer }) => answer.about === 'broadcast');
  if (hopeless)
    await db.query(deliverySql.stop_broadcast, [
      broadcastId,
      `The provider refuses the message (${hopeless.answer.code}); every other recipient would get the same answer.`,
    ]);
}
