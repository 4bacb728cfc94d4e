// The simulator's two times: arrival times no wall clock can bend, and a calendar that a test may push forward.
import { performance } from 'node:perf_hooks';

/** Arrival times are epoch µs of the monotonic clock. Keys, quotas and windows, which last hours, follow `simulatedUs`. */
export class SimulatorClock {
  /** Every push of the calendar: from `atUs` on it is ahead by `aheadUs`. Kept, so that old records are dated as they were. */
  readonly #pushes: { atUs: number; aheadUs: number }[] = [];
  #aheadUs = 0;

  nowUs(): number {
    return Math.round((performance.timeOrigin + performance.now()) * 1000);
  }

  simulatedUs(atUs: number): number {
    return atUs + this.#aheadUs;
  }

  /** What the calendar showed at an earlier instant. */
  simulatedThenUs(atUs: number): number {
    let aheadUs = 0;
    for (const push of this.#pushes) if (push.atUs <= atUs) aheadUs = push.aheadUs;
    return atUs + aheadUs;
  }

  advance(ms: number, atUs: number): void {
    this.#aheadUs += ms * 1000;
    this.#pushes.push({ atUs, aheadUs: this.#aheadUs });
  }
}
