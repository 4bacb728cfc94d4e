// The database's clock as this process knows it: bounds, from the round trips of leases, on a monotonic local clock. What
// the wall clock of this machine says does not matter.

/** Round trips kept. Fewer: one slow one widens the bounds; more: drift between the two clocks creeps in. */
const KEPT = 32;
/** Clocks drift apart by some 100 µs a second at worst; samples older than this would widen nothing and shift everything. */
const OLDEST_MS = 20_000;

/** Bounds that cross by less than this do so by rounding and drift; by more, a clock was set. */
const ROUNDING_MS = 0.5;

interface Sample {
  at: number;
  low: number;
  high: number;
}

/** Times are epoch milliseconds of the database; `local` is a monotonic clock in milliseconds. */
export class ServerClock {
  readonly #local: () => number;
  #samples: Sample[] = [];
  /** Database time minus local time lies between these. */
  #low = -Infinity;
  #high = Infinity;

  constructor(local: () => number = () => performance.now()) {
    this.#local = local;
  }

  local(): number {
    return this.#local();
  }

  /** The server said `serverMs` at some moment between the local times `asked` and `answered`. */
  observe(serverMs: number, asked: number, answered: number): void {
    const sample = { at: answered, low: serverMs - answered, high: serverMs - asked };
    this.#samples = [...this.#samples.filter((s) => s.at > answered - OLDEST_MS), sample].slice(-KEPT);
    this.#low = Math.max(...this.#samples.map((s) => s.low));
    this.#high = Math.min(...this.#samples.map((s) => s.high));
    if (this.#low <= this.#high) return;
    if (this.#low - this.#high < ROUNDING_MS) [this.#low, this.#high] = [this.#high, this.#low];
    else {
      // The server's clock was set: only the newest says what it is now.
      this.#samples = [sample];
      this.#low = sample.low;
      this.#high = sample.high;
    }
  }

  /** The server's time is this or later. */
  earliest(): number {
    return this.#local() + this.#low;
  }

  /** The server's time is this or earlier. */
  latest(): number {
    return this.#local() + this.#high;
  }
}
