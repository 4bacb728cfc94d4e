// Bounds what one worker has claimed and not yet settled on a channel: whoever wants to claim takes permits first, and gives
// them back when the answer is recorded. First come, first served, so that slices take turns.

interface Waiter {
  most: number;
  resolve: (taken: number) => void;
}

/** A permit counts twice: until its answer is on record, and, where connections are what there is too little of, until it came. */
export class Permits {
  #limit: number;
  #wire: number;
  #out = 0;
  #onWire = 0;
  readonly #waiters: Waiter[] = [];

  /** `limit`: claimed at once. `wire`: of these without an answer yet, so that none is claimed ahead of a free connection. */
  constructor(limit: number, wire = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
    this.#wire = wire;
  }

  /** Permits to be had now; below 0 for a while after a limit was lowered. */
  get free(): number {
    return Math.min(this.#limit - this.#out, this.#wire - this.#onWire);
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
    if (this.#waiters.length === 0 && this.free > 0) return this.#grant(most);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        most,
        resolve: (taken) => {
          signal.removeEventListener('abort', onAbort);
          resolve(taken);
        },
      };
      const onAbort = (): void => {
        const at = this.#waiters.indexOf(waiter);
        if (at === -1) return;
        this.#waiters.splice(at, 1);
        resolve(0);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.push(waiter);
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
    return taken;
  }

  #serve(): void {
    while (this.free > 0 && this.#waiters.length > 0) {
      const waiter = this.#waiters.shift()!;
      waiter.resolve(this.#grant(waiter.most));
    }
  }
}
