// WhatsApp's limit between one number and one user: a burst of 45, paid back by one message each 6 seconds.

const COST_US = 6_000_000;
const BURST_US = 45 * COST_US;
/** Pairs that owe nothing are forgotten whenever so many messages passed. Higher keeps more of them in memory. */
const SWEEP_EVERY = 100_000;

export class PairLimit {
  /** Until when each pair has borrowed, in simulated µs, by number and user: one value says how full a bucket is. */
  readonly #paidUntilUs = new Map<string, Map<string, number>>();
  #sinceSweep = 0;
  #on = true;

  set on(on: boolean) {
    this.#on = on;
  }

  /** False when the pair has used its burst up. A refused message costs nothing. */
  admit(number: string, user: string, simulatedUs: number): boolean {
    if (!this.#on) return true;
    let users = this.#paidUntilUs.get(number);
    if (!users) {
      users = new Map();
      this.#paidUntilUs.set(number, users);
    }
    const paidUntil = Math.max(users.get(user) ?? 0, simulatedUs) + COST_US;
    if (paidUntil - simulatedUs > BURST_US) return false;
    users.set(user, paidUntil);
    this.#sinceSweep += 1;
    if (this.#sinceSweep >= SWEEP_EVERY) this.#sweep(simulatedUs);
    return true;
  }

  #sweep(simulatedUs: number): void {
    this.#sinceSweep = 0;
    for (const users of this.#paidUntilUs.values()) {
      for (const [user, until] of users) if (until <= simulatedUs) users.delete(user);
    }
  }
}
