// LINE's monthly quota: people reached in the month of the simulated calendar, and how many are allowed.

export interface QuotaRule {
  /** Null: no limit. */
  limit: number | null;
  /** What happens to a multicast larger than the rest. Which one LINE does is not published. */
  onExceed: 'refuse-whole' | 'partial';
}

/** The zone in which LINE's month turns is not published; its statistics use UTC+9. */
const ZONE_US = 9 * 3_600 * 1_000_000;

const NO_LIMIT: QuotaRule = { limit: null, onExceed: 'refuse-whole' };

export class Quota {
  readonly #rules = new Map<string, QuotaRule>();
  #forAll: QuotaRule = NO_LIMIT;
  readonly #used = new Map<string, { month: number; people: number }>();

  set(sender: string | null, rule: QuotaRule): void {
    if (sender === null) this.#forAll = rule;
    else this.#rules.set(sender, rule);
  }

  rule(sender: string): QuotaRule {
    return this.#rules.get(sender) ?? this.#forAll;
  }

  used(sender: string, simulatedUs: number): number {
    const used = this.#used.get(sender);
    return used && used.month === monthOf(simulatedUs) ? used.people : 0;
  }

  /** How many of so many people may still be reached; null when the whole request is to be refused. */
  grant(sender: string, people: number, simulatedUs: number): number | null {
    const { limit, onExceed } = this.rule(sender);
    if (limit === null) return people;
    const left = limit - this.used(sender, simulatedUs);
    if (left <= 0 || (people > left && onExceed === 'refuse-whole')) return null;
    return Math.min(people, left);
  }

  count(sender: string, people: number, simulatedUs: number): void {
    const month = monthOf(simulatedUs);
    const used = this.#used.get(sender);
    if (used?.month === month) used.people += people;
    else this.#used.set(sender, { month, people });
  }
}

/** The month asked for last: nearly every request asks for the same. */
let known = { month: 0, fromUs: 0, toUs: 0 };

function monthOf(simulatedUs: number): number {
  if (simulatedUs >= known.fromUs && simulatedUs < known.toUs) return known.month;
  const date = new Date((simulatedUs + ZONE_US) / 1000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const startUs = (monthsOn: number): number => Date.UTC(year, month + monthsOn) * 1000 - ZONE_US;
  known = { month: year * 12 + month, fromUs: startUs(0), toUs: startUs(1) };
  return known.month;
}
