// How many requests of a channel one worker may have claimed at once: as many as the rate needs at the present latency, and no
// more, since that many are uncertain after a crash.
import { Permits } from './permits.ts';

/** Bounds of what is in flight. Lower: a slow provider or database costs budget; higher: a crash leaves more uncertain. */
const LEAST = 16;
const MOST = 512;
/** Latency that is assumed before any was measured, milliseconds. */
const FIRST_P95_MS = 250;
/** Samples kept, and samples between two looks. Fewer: one slow answer decides; more: a change of the provider shows late. */
const KEPT = 256;
const LOOK_EVERY = 32;

/** Claimed at once for a rate of requests a second (0: no limit) at a 95th percentile from claim to commit. */
export function inFlightLimit(rate: number, p95Ms: number = FIRST_P95_MS): number {
  return rate === 0 ? MOST : Math.min(MOST, Math.max(LEAST, Math.ceil((rate * p95Ms) / 1000)));
}

/** What all slices on one budget share inside one worker. */
export class InFlight {
  readonly permits: Permits;
  readonly #fixed: number;
  readonly #connections: number;
  #rate: number;
  #samples: number[] = [];
  #seen = 0;

  /** `fixed`: a number set by a person, 0: by the rate. `connections`: those of the account, which bound it where no rate does. */
  constructor(rate: number, fixed: number, connections: number) {
    this.#rate = rate;
    this.#fixed = fixed;
    this.#connections = connections;
    this.permits = new Permits(this.#limit(), this.#wire());
  }

  /** The channel's rate, as it is now. */
  setRate(rate: number): void {
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.#resize();
  }

  /** How long one took from its claim to the commit of its answer. */
  note(ms: number): void {
    this.#samples[this.#seen % KEPT] = ms;
    this.#seen += 1;
    if (this.#seen % LOOK_EVERY === 0) this.#resize();
  }

  get p95Ms(): number {
    if (this.#samples.length < LOOK_EVERY) return FIRST_P95_MS;
    const sorted = [...this.#samples].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.95)]!;
  }

  #limit(): number {
    return this.#fixed > 0 ? this.#fixed : inFlightLimit(this.#rate, this.p95Ms);
  }

  #wire(): number {
    return this.#rate === 0 ? this.#connections : Number.POSITIVE_INFINITY;
  }

  #resize(): void {
    this.permits.resize(this.#limit(), this.#wire());
  }
}
