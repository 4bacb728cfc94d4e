// What WhatsApp reports after it took a message: sent, delivered, read or failed, late, doubled and out of order.
import type { Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';
import { statusError } from './graph-errors.ts';
import { accountOf } from './numbers.ts';
import type { Arrival } from './arrival.ts';

export interface SentMessage {
  sender: string;
  user: string;
  wamid: string;
  /** biz_opaque_callback_data, echoed only when it was given. */
  reference: string;
  category: string;
  arrival: Arrival;
}

/** How messages fare. Ratios are chances from 0 to 1. */
export interface DeliveryRules {
  minDelayMs: number;
  maxDelayMs: number;
  delivered: number;
  /** Of those delivered. */
  read: number;
  /** Read without a word of `delivered`, as with an open chat. */
  deliveredSkipped: number;
  /** Accepted, then failed with one of `failedCodes`: besides the users who always fail. */
  failed: number;
  failedCodes: number[];
  duplicated: number;
  /** Reports that overtake the one before. */
  reordered: number;
}

export const DELIVERY_RULES: DeliveryRules = {
  ...{ minDelayMs: 200, maxDelayMs: 5_000, delivered: 0.97, read: 0.6, deliveredSkipped: 0.02 },
  ...{ failed: 0, failedCodes: [131026], duplicated: 0.01, reordered: 0.02 },
};

type StatusName = 'sent' | 'delivered' | 'read' | 'failed';

export class StatusFeed {
  rules: DeliveryRules = DELIVERY_RULES;
  readonly #webhooks: WebhookSender;
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #nowUs: () => number;
  #last: { sender: string; firstReport: Record<string, unknown> } | null = null;

  constructor(webhooks: WebhookSender, faults: Faults, random: Random) {
    this.#webhooks = webhooks;
    this.#faults = faults;
    this.#random = random;
    this.#nowUs = faults.nowUs;
  }

  /** The code an accepted message will fail with, or null. Drawn at acceptance, since the truth is written then. */
  drawFailure(): number | null {
    const { failed, failedCodes } = this.rules;
    if (failed === 0 || this.#random() >= failed) return null;
    return failedCodes[Math.floor(this.#random() * failedCodes.length)] ?? 131026;
  }

  accepted(message: SentMessage): void {
    if (
      !this.#webhooks.has('whatsapp', message.sender) ||
      message.arrival.kind === 'held' ||
      message.arrival.kind === 'lost'
    )
      return;
    const names = this.#courseOf(message.arrival);
    const delays = names.map(() => this.#delayMs()).sort((a, b) => a - b);
    const { sender, user } = message;
    const target = { provider: 'whatsapp' as const, sender, endpoint: 'webhook', recipients: [user] };
    if (this.#random() < this.rules.reordered || this.#strikes('webhook-reorder', target)) delays.reverse();
    this.#last = null;
    names.forEach((name, index) => {
      if (this.#strikes('webhook-drop', target)) return;
      const late = this.#faults.any ? this.#faults.strike('webhook', target, 'webhook-delay') : null;
      const delayMs = delays[index]! + (late?.spec.ms ?? 0);
      const report = this.#report(message, name, index, delayMs);
      this.#last ??= { sender, firstReport: report };
      this.#webhooks.put('whatsapp', sender, report, delayMs);
      if (this.#random() < this.rules.duplicated || this.#strikes('webhook-duplicate', target))
        this.#webhooks.put('whatsapp', sender, report, delayMs + this.#delayMs());
    });
  }

  /** Sends the first report of the last message now, besides its own time: before the answer, which is kept back. */
  hasten(): void {
    if (this.#last) this.#webhooks.put('whatsapp', this.#last.sender, this.#last.firstReport, 0);
  }

  #courseOf(arrival: Arrival): StatusName[] {
    if (arrival.kind === 'fails') return this.#random() < 0.5 ? ['failed'] : ['sent', 'failed'];
    if (arrival.kind === 'blocked' || this.#random() >= this.rules.delivered) return ['sent'];
    if (this.#random() >= this.rules.read) return ['sent', 'delivered'];
    return this.#random() < this.rules.deliveredSkipped ? ['sent', 'read'] : ['sent', 'delivered', 'read'];
  }

  #report(message: SentMessage, status: StatusName, index: number, delayMs: number): Record<string, unknown> {
    const { user, wamid, reference, category, arrival } = message;
    const timestamp = String(Math.floor((this.#nowUs() / 1000 + delayMs) / 1000));
    // Priced when sent, and on the one report after it.
    const priced = index < 2 && status !== 'failed';
    const type = category === 'service' ? 'free_customer_service' : 'regular';
    return {
      ...{ id: wamid, status, timestamp, recipient_id: accountOf(user) },
      ...(reference === '' ? {} : { biz_opaque_callback_data: reference }),
      ...(priced ? { pricing: { billable: category !== 'service', pricing_model: 'PMP', type, category } } : {}),
      ...(status === 'failed' && arrival.kind === 'fails' ? { errors: [statusError(arrival.code)] } : {}),
    };
  }

  #delayMs(): number {
    const { minDelayMs, maxDelayMs } = this.rules;
    return minDelayMs + this.#random() * (maxDelayMs - minDelayMs);
  }

  #strikes(
    kind: 'webhook-reorder' | 'webhook-drop' | 'webhook-duplicate',
    target: Parameters<Faults['strike']>[1],
  ): boolean {
    return this.#faults.any && this.#faults.strike('webhook', target, kind) !== null;
  }
}
