// The database's clock as this process knows it: bounds, from the round trips of leases, on a monotonic local clock. What
// the wall clock of this machine says does not matter.

/**
 * Round trips are kept as the best of each of these spans. Shorter: more to look at with every lease; longer: the bounds of a
 * busy moment go with those of a quiet one.
 */
const SPAN_MS = 1_000;
/** Clocks drift apart by some 100 µs a second at worst; samples older than this would widen nothing and shift everything. */
const OLDEST_MS = 20_000;

/** Wall and monotonic clock drift by milliseconds an hour; further apart, one of them stood still or was set. */
const SUSPENDED_MS = 2_000;

/** Bounds that cross by less than this do so by rounding and drift; by more, a clock was set. */
const ROUNDING_MS = 0.5;

/** What the round trips of one span say about database time minus local time. */
interface Span {
  number: number;
  low: number;
  high: number;
}

/** Times are epoch milliseconds of the database; `local` is a monotonic clock in milliseconds. */
export class ServerClock {
  readonly #local: () => number;
  readonly #wall: () => number;
  /** Wall time minus local time when the server was last heard of. */
  #wallAhead = 0;
  #spans: Span[] = [];
  /** Database time minus local time lies between these. */
  #low = -Infinity;
  #high = Infinity;

  /** `wall`: the wall clock, for {@link stoodStill} alone; left out, no suspension is noticed. */
  constructor(local: () => number = () => performance.now(), wall: () => number = local) {
    this.#local = local;
    this.#wall = wall;
    this.#wallAhead = wall() - local();
  }

  local(): number {
    return this.#local();
  }

  /** The server said `serverMs` at some moment between the local times `asked` and `answered`. */
  observe(serverMs: number, asked: number, answered: number): void {
    this.#wallAhead = this.#wall() - this.#local();
    const number = Math.floor(answered / SPAN_MS);
    const low = serverMs - answered;
    const high = serverMs - asked;
    this.#spans = this.#spans.filter((span) => span.number > number - OLDEST_MS / SPAN_MS);
    const span = this.#spans.find((one) => one.number === number);
    if (span) {
      span.low = Math.max(span.low, low);
      span.high = Math.min(span.high, high);
    } else this.#spans.push({ number, low, high });
    this.#low = Math.max(...this.#spans.map((one) => one.low));
    this.#high = Math.min(...this.#spans.map((one) => one.high));
    if (this.#low <= this.#high) return;
    if (this.#low - this.#high < ROUNDING_MS) [this.#low, this.#high] = [this.#high, this.#low];
    else {
      // The server's clock was set: only the newest says what it is now.
      this.#spans = [{ number, low, high }];
      this.#low = low;
      this.#high = high;
    }
  }

  /**
   * The machine was suspended since the server was last heard of, as a paused virtual machine is: the monotonic clock stands still
   * then, so that it knows nothing of the time that has passed. A wall clock that is set looks the same, and costs a slot.
   */
  stoodStill(): boolean {
    return Math.abs(this.#wall() - this.#local() - this.#wallAhead) > SUSPENDED_MS;
  }

  /** How far apart the bounds are: the best round trip of late. Infinite before the first. */
  get uncertaintyMs(): number {
    return this.#high - this.#low;
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
