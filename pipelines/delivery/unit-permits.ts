// What units hold while they are under way: permits until they are on record, and the latency they tell when they are.
import type { Permits } from './permits.ts';
import type { Answered, Lane, Unit } from './ports.ts';

/** Waiting for a slot counts no longer than this towards what must be in flight: further ahead nothing is gained. */
const SLOT_WAIT_COUNTED_MS = 200;

/** The answer of a unit has come: its connection is free, it is claimed still. */
export function landed(lane: Lane, unit: Unit): void {
  if (!unit.permit || unit.landed) return;
  unit.landed = true;
  lane.inFlight.permits.landed(1);
}

/** The units hold no permit any more: settled, given back, or somebody else's. */
export function returnPermits(lane: Lane, units: Unit[]): void {
  const holders = units.filter((unit) => unit.permit);
  const told = holders.filter((unit) => unit.landed).length;
  for (const unit of holders) unit.permit = false;
  lane.inFlight.permits.give(holders.length, told);
}

/** From claim to commit; the bound of what is in flight follows it. */
export function noteLatency(lane: Lane, answers: Answered[]): void {
  const now = lane.clock.local();
  for (const { unit, slotMs, answer } of answers) {
    if (answer.about === 'nobody') continue;
    const sinceClaim = now - unit.takenAtMs;
    const sinceSlot = slotMs === null ? sinceClaim : lane.clock.latest() - slotMs + SLOT_WAIT_COUNTED_MS;
    lane.inFlight.note(Math.min(sinceClaim, sinceSlot));
  }
}

/**
 * Waits for permits, but no longer than until a unit that holds one misses its slot: with all permits in the hands of such units, and
 * all their slices waiting here for more, nobody would ever give one back.
 */
export class PermitWait {
  readonly #permits: Permits;
  readonly #signal: AbortSignal;
  #end: () => void = () => undefined;

  constructor(permits: Permits, signal: AbortSignal) {
    this.#permits = permits;
    this.#signal = signal;
  }

  /** At most `most`; 0 when the wait was ended, or the step is to stop. */
  async take(most: number): Promise<number> {
    if (this.#signal.aborted) return 0;
    const waiting = new AbortController();
    this.#end = () => waiting.abort();
    this.#signal.addEventListener('abort', this.#end, { once: true });
    try {
      return await this.#permits.take(most, waiting.signal);
    } finally {
      this.#signal.removeEventListener('abort', this.#end);
      this.#end = () => undefined;
    }
  }

  end(): void {
    this.#end();
  }
}
