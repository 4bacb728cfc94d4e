// Bounds what one worker has claimed and not yet settled on a channel: whoever wants to claim takes permits first, and gives
// them back when the answer is recorded. First come, first served, so that slices take turns.

interface Waiter {
  most: number;
  resolve: (taken: number) => void;
}

/**
 * Where connections are what there is too little of, permits go out together once so many of them are free: one claim a freed connection
 * would be one statement a recipient. Higher: more connections idle; lower: the database does little but begin statements.
 */
const TOGETHER = 0.5;
/** Fewer than that go out when they have been free for so long, ms. Lower: as above; higher: a slow provider is used less. */
const LONGEST_FREE_MS = 20;
/** Between two looks of one that waits, at last. Higher: connections idle longer beside others that hang. */
const LAST_LOOK_MS = 1_000;

/** A permit counts twice: until its answer is on record, and, where connections are what there is too little of, until it came. */
export class Permits {
  #limit: number;
  #wire: number;
  #out = 0;
  #onWire = 0;
  #freeSince = Number.POSITIVE_INFINITY;
  readonly #waiters: Waiter[] = [];
  readonly #now: () => number;

  /**
   * `limit`: claimed at once. `wire`: of these without an answer yet, so that none is claimed ahead of a free connection. `now`:
   * milliseconds of a clock that goes on.
   */
  constructor(limit: number, wire = Number.POSITIVE_INFINITY, now = () => performance.now()) {
    this.#limit = limit;
    this.#wire = wire;
    this.#now = now;
    this.#mark();
  }

  /** Permits to be had now; below 0 for a while after a limit was lowered. */
  get free(): number {
    return Math.min(this.#limit - this.#out, this.#wire - this.#onWire);
  }

  /** Whether `take` would give some at once. */
  get available(): boolean {
    return this.#waiters.length === 0 && this.#enough();
  }

  get limit(): number {
    return this.#limit;
  }

  /** Changes how many there are; those already out stay out. */
  resize(limit: number, wire = this.#wire): void {
    this.#limit = limit;
    this.#wire = wire;
    this.#serve();
  }

  /** At least one, at most `most`; waits while there is none. When the signal aborts, gives 0. */
  async take(most: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return 0;
    if (this.available) return this.#grant(most);
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const end = (taken: number): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(taken);
      };
      const waiter: Waiter = { most, resolve: end };
      const onAbort = (): void => {
        const at = this.#waiters.indexOf(waiter);
        if (at === -1) return;
        this.#waiters.splice(at, 1);
        end(0);
      };
      const lookAfter = (ms: number): void => {
        timer = setTimeout(() => {
          this.#serve();
          if (this.#waiters.includes(waiter)) lookAfter(Math.min(LAST_LOOK_MS, ms * 2));
        }, ms);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
      if (Number.isFinite(this.#wire)) lookAfter(LONGEST_FREE_MS);
      this.#serve();
    });
  }

  /** Answers of so many have come; they are claimed still. */
  landed(count: number): void {
    this.#onWire -= count;
    this.#serve();
  }

  /** So many are settled, or were never used. `landed`: as many of them were told of by `landed` before. */
  give(count: number, landed = 0): void {
    this.#out -= count;
    this.#onWire -= count - landed;
    this.#serve();
  }

  #grant(most: number): number {
    const taken = Math.min(most, this.free);
    this.#out += taken;
    this.#onWire += taken;
    this.#mark();
    return taken;
  }

  #serve(): void {
    this.#mark();
    while (this.#waiters.length > 0 && this.#enough()) {
      const waiter = this.#waiters.shift()!;
      waiter.resolve(this.#grant(waiter.most));
    }
  }

  /** Whether permits go out now. */
  #enough(): boolean {
    const { free } = this;
    if (free <= 0) return false;
    const together = Number.isFinite(this.#wire) ? TOGETHER * Math.min(this.#limit, this.#wire) : 1;
    return free >= together || this.#now() - this.#freeSince >= LONGEST_FREE_MS;
  }

  /** After each change of what is free. */
  #mark(): void {
    this.#freeSince = this.free > 0 ? Math.min(this.#freeSince, this.#now()) : Number.POSITIVE_INFINITY;
  }
}
