// Who may be written to freely: WhatsApp's 24-hour service windows, and the portfolio's limit on people outside them.

const DAY_US = 24 * 3_600 * 1_000_000;

/** A user's message to us opens the window for 24 hours. Nobody has one until an admin call opens it. */
export class ServiceWindows {
  readonly #openUntilUs = new Map<string, number>();

  /** `user` null opens it for everybody at this sender; `sender` null at every sender. */
  open(sender: string | null, user: string | null, untilUs: number): void {
    this.#openUntilUs.set(`${sender ?? '*'} ${user ?? '*'}`, untilUs);
  }

  isOpen(sender: string, user: string, simulatedUs: number): boolean {
    if (this.#openUntilUs.size === 0) return false;
    const keys = [`${sender} ${user}`, `${sender} *`, `* ${user}`, '* *'];
    return keys.some((key) => (this.#openUntilUs.get(key) ?? 0) > simulatedUs);
  }
}

/** How the portfolio's limit shows. No error is documented for it, so all of this is a switch. */
export interface PortfolioRule {
  /** Different people outside a window in a moving 24 hours, all numbers together; null as for a verified large account. */
  limit: number | null;
  /** `webhook`: accepted, then reported as failed. `error`: refused at once. */
  signal: 'webhook' | 'error';
  code: number;
}

export class Portfolio {
  rule: PortfolioRule = { limit: null, signal: 'webhook', code: 131049 };
  /** When each person was first written to, oldest first. A person counts for a day from then. */
  readonly #since = new Map<string, number>();

  /** False when this person would be one too many. */
  admit(user: string, simulatedUs: number): boolean {
    const { limit } = this.rule;
    if (limit === null) return true;
    for (const [known, sinceUs] of this.#since) {
      if (simulatedUs - sinceUs < DAY_US) break;
      this.#since.delete(known);
    }
    if (this.#since.has(user)) return true;
    if (this.#since.size >= limit) return false;
    this.#since.set(user, simulatedUs);
    return true;
  }
}
