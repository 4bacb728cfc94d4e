// A strict sliding window over exact arrival times: no bucket, no rounding, no credit.

/**
 * A request at t is refused iff `limit` let-through requests arrived in (t - window, t]. Refused ones are not logged.
 * Only the last `limit` times matter for that: the oldest of them says whether the window is full, whatever came before.
 */
export class WindowLog {
  readonly #windowUs: number;
  #times: Float64Array;
  #next = 0;
  #count = 0;

  /** A limit of 0 means none: everything passes and nothing is remembered. */
  constructor(limit: number, windowUs: number) {
    this.#windowUs = windowUs;
    this.#times = new Float64Array(limit);
  }

  get limit(): number {
    return this.#times.length;
  }

  /** Times must not go back between calls. */
  admit(atUs: number): boolean {
    const times = this.#times;
    if (times.length === 0) return true;
    if (this.#count === times.length && times[this.#next]! > atUs - this.#windowUs) return false;
    this.#log(atUs);
    return true;
  }

  /** Counts a request that was let through before this process began, or that no limit may refuse. */
  remember(atUs: number): void {
    if (this.#times.length > 0) this.#log(atUs);
  }

  #log(atUs: number): void {
    this.#times[this.#next] = atUs;
    this.#next = this.#next + 1 === this.#times.length ? 0 : this.#next + 1;
    if (this.#count < this.#times.length) this.#count += 1;
  }

  /** Keeps the youngest times, so that a lowered limit counts what went through under the old one. */
  resize(limit: number): void {
    const kept: number[] = [];
    const length = this.#times.length;
    for (let back = Math.min(this.#count, limit); back > 0; back--) {
      kept.push(this.#times[(this.#next - back + length) % length]!);
    }
    this.#times = new Float64Array(limit);
    this.#next = 0;
    this.#count = 0;
    for (const time of kept) this.#log(time);
  }
}
