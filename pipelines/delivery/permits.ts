// Bounds what one worker has claimed and not yet settled on a channel: whoever wants to claim takes permits first, and gives
// them back when the answer is recorded. First come, first served, so that slices take turns.

interface Waiter {
  most: number;
  resolve: (taken: number) => void;
}

export class Permits {
  #free: number;
  #limit: number;
  readonly #waiters: Waiter[] = [];

  constructor(limit: number) {
    this.#limit = limit;
    this.#free = limit;
  }

  /** Permits not taken now; below 0 for a while after the limit was lowered. */
  get free(): number {
    return this.#free;
  }

  /** Changes how many there are; those already out stay out. */
  resize(limit: number): void {
    this.#free += limit - this.#limit;
    this.#limit = limit;
    this.#serve();
  }

  /** At least one, at most `most`; waits while there is none. When the signal aborts, gives 0. */
  async take(most: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return 0;
    if (this.#waiters.length === 0 && this.#free > 0) return this.#grant(most);
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

  give(count: number): void {
    this.#free += count;
    this.#serve();
  }

  #grant(most: number): number {
    const taken = Math.min(most, this.#free);
    this.#free -= taken;
    return taken;
  }

  #serve(): void {
    while (this.#free > 0 && this.#waiters.length > 0) {
      const waiter = this.#waiters.shift()!;
      waiter.resolve(this.#grant(waiter.most));
    }
  }
}

/** In flight by default: a quarter second of the rate, at least 16, at most 512. `rate` 0: no limit. */
export function inFlightLimit(rate: number): number {
  return rate === 0 ? 512 : Math.min(512, Math.max(16, Math.ceil(rate / 4)));
}
