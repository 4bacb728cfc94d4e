// The providers' rate limits: which endpoint has which, and one strict window for every sender and endpoint.
import type { ProviderName } from './exchange.ts';
import { WindowLog } from './window-log.ts';

const SECOND_US = 1_000_000;
const HOUR_US = 3_600 * SECOND_US;

/** Published limits, as [requests, window]. WhatsApp: 20 when the number is also used in the app, 1,000 after the upgrade. */
const PUBLISHED: Record<string, readonly [number, number]> = {
  'line.push': [2_000, SECOND_US],
  'line.multicast': [200, SECOND_US],
  'line.reply': [2_000, SECOND_US],
  'line.validate': [2_000, SECOND_US],
  'line.quota': [2_000, SECOND_US],
  'line.consumption': [2_000, SECOND_US],
  'line.info': [2_000, SECOND_US],
  'line.profile': [2_000, SECOND_US],
  'line.followers': [2_000, SECOND_US],
  'line.aggregation': [2_000, SECOND_US],
  'line.narrowcast': [60, HOUR_US],
  'line.broadcast': [60, HOUR_US],
  'line.insight': [60, HOUR_US],
  'whatsapp.messages': [80, SECOND_US],
  'whatsapp.number': [5_000, HOUR_US],
};

/** Names of all that has a rate, for whoever sets one. */
export const RATED_ENDPOINTS: readonly string[] = Object.keys(PUBLISHED);

/** The same names by their parts, so that no request puts them together. */
const NAMES: Record<ProviderName, Record<string, string>> = { line: {}, whatsapp: {} };
for (const name of RATED_ENDPOINTS) {
  const [provider, endpoint] = name.split('.') as [ProviderName, string];
  NAMES[provider][endpoint] = name;
}

export class RateLimits {
  readonly #limits = new Map(Object.entries(PUBLISHED).map(([name, [limit]]) => [name, limit]));
  /** Limits of one sender, by `provider.endpoint sender`. */
  readonly #ofSender = new Map<string, number>();
  /** By name, then by sender. */
  readonly #logs = new Map<string, Map<string, WindowLog>>();

  /** False when the request comes too soon. A refused one is not counted, so that insisting does not lengthen the wait. */
  admit(provider: ProviderName, sender: string, endpoint: string, atUs: number): boolean {
    return this.#log(provider, sender, endpoint).admit(atUs);
  }

  /** Counts what was let through before a restart: a kill does not refill the budget. */
  remember(provider: ProviderName, sender: string, endpoint: string, atUs: number): void {
    if (NAMES[provider][endpoint]) this.#log(provider, sender, endpoint).remember(atUs);
  }

  /** Sets the limit of an endpoint, for one sender or (null) for all that have none of their own. 0 means none. */
  set(name: string, limit: number, sender: string | null): void {
    if (!PUBLISHED[name]) throw new RangeError(`${name} has no rate; known: ${RATED_ENDPOINTS.join(', ')}`);
    if (sender === null) this.#limits.set(name, limit);
    else this.#ofSender.set(`${name} ${sender}`, limit);
    for (const [known, log] of this.#logs.get(name) ?? []) log.resize(this.#limit(name, known));
  }

  #limit(name: string, sender: string): number {
    return this.#ofSender.get(`${name} ${sender}`) ?? this.#limits.get(name)!;
  }

  #log(provider: ProviderName, sender: string, endpoint: string): WindowLog {
    const name = NAMES[provider][endpoint]!;
    let logs = this.#logs.get(name);
    if (!logs) {
      logs = new Map();
      this.#logs.set(name, logs);
    }
    let log = logs.get(sender);
    if (!log) {
      log = new WindowLog(this.#limit(name, sender), PUBLISHED[name]![1]);
      logs.set(sender, log);
    }
    return log;
  }
}
