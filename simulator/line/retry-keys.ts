// LINE's retry keys: which requests were accepted under which key, for 24 hours of the simulated calendar.

export interface AcceptedKey {
  requestId: string;
  bodyHash: string;
  /** Ids of the messages of a push, joined by `;`; empty for a multicast. */
  messageIds: string;
  acceptedUs: number;
}

const LIFE_US = 24 * 3_600 * 1_000_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Expired keys are thrown away whenever so many came since the last time. Higher keeps dead keys in memory longer. */
const SWEEP_EVERY = 100_000;

export const isUuid = (text: string): boolean => UUID.test(text);

export class RetryKeys {
  /** By sender, then by key. */
  readonly #accepted = new Map<string, Map<string, AcceptedKey>>();
  #sinceSweep = 0;

  /** The request accepted under the key, or null: never, or longer ago than keys live. */
  find(sender: string, key: string, simulatedUs: number): AcceptedKey | null {
    const found = this.#accepted.get(sender)?.get(key.toLowerCase());
    return found && simulatedUs - found.acceptedUs < LIFE_US ? found : null;
  }

  add(sender: string, key: string, accepted: AcceptedKey): void {
    let keys = this.#accepted.get(sender);
    if (!keys) {
      keys = new Map();
      this.#accepted.set(sender, keys);
    }
    keys.set(key.toLowerCase(), accepted);
    this.#sinceSweep += 1;
    if (this.#sinceSweep >= SWEEP_EVERY) this.#sweep(accepted.acceptedUs);
  }

  #sweep(simulatedUs: number): void {
    this.#sinceSweep = 0;
    for (const keys of this.#accepted.values()) {
      // Oldest first, so that a sweep stops at the first that lives.
      for (const [key, { acceptedUs }] of keys) {
        if (simulatedUs - acceptedUs < LIFE_US) break;
        keys.delete(key);
      }
    }
  }
}
