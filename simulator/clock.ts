// The simulator's two times: arrival times, from a clock that is given, and a calendar that an admin call may push forward.
import { performance } from 'node:perf_hooks';

/** Epoch µs of the monotonic clock: no wall clock can bend it. */
const monotonicUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

/** How often a given clock is looked at for what is due. Lower burns the processor; higher makes tests wait. */
const LOOK_MS = 5;
/** Longer waits overflow Node's timers and end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Arrival times are epoch µs of `nowUs`. Keys, quotas and windows, which last hours, follow `simulatedUs`. */
export class SimulatorClock {
  readonly nowUs: () => number;
  readonly #given: boolean;
  /** Every push of the calendar: from `atUs` on it is ahead by `aheadUs`. Kept, so that old records are dated as they were. */
  readonly #pushes: { atUs: number; aheadUs: number }[] = [];
  #aheadUs = 0;

  /** `nowUs` must not go back. Null: the machine's monotonic clock. */
  constructor(nowUs: (() => number) | null) {
    this.nowUs = nowUs ?? monotonicUs;
    this.#given = nowUs !== null;
  }

  /** Runs when so much has passed on this clock, never earlier. The function it gives takes it back. */
  later(ms: number, run: () => void): () => void {
    const dueUs = this.nowUs() + ms * 1000;
    let timer: NodeJS.Timeout | undefined;
    const look = (): void => {
      const leftMs = Math.ceil((dueUs - this.nowUs()) / 1000);
      if (leftMs <= 0) return run();
      timer = setTimeout(look, this.#given ? LOOK_MS : Math.min(leftMs, LONGEST_TIMER_MS));
      // A clock that nobody moves any more keeps no process alive.
      if (this.#given) timer.unref();
    };
    look();
    return () => clearTimeout(timer);
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
