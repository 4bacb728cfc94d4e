// What a messaging provider is to delivery: message rules, requests, and answers by class. Adapters implement it.
import type { Channel } from '../contracts/channel.ts';

/** What an answer means for the recipient and for the channel; see docs/operating.md for each provider's table. */
export const OUTCOME_CLASSES = [
  'accepted',
  'retry_backoff',
  'retry_after',
  'pause_channel',
  'fail_recipient',
  'fail_broadcast',
  'ambiguous',
] as const;
export type OutcomeClass = (typeof OUTCOME_CLASSES)[number];

/**
 * One answer, or what there was instead. `code` is the provider's code or a word for what happened on the wire
 * (`connect_refused`, `timeout`, `socket`, `http_502`, `malformed_200`, `unreadable`); it never holds an address.
 */
export interface ProviderAnswer {
  class: OutcomeClass;
  code: string;
  requestId: string | null;
  messageId: string | null;
  /** Milliseconds the provider asks to wait; for `retry_after`, and for `pause_channel` that ends by itself. */
  waitMs: number | null;
  /**
   * Whom a refusal is about. `rate`: the endpoint's budget, all slow down. `channel`: nothing is wrong with the recipient.
   * `member`: one of several recipients of the chunk, nobody says which. `recipient`: the one it was sent to. `nobody`: it
   * was never sent.
   */
  about: 'recipient' | 'member' | 'rate' | 'channel' | 'broadcast' | 'nobody';
  /** The provider says "try again", and does not say that it did not take the message: a second try may be a second message. */
  unclear: boolean;
  /** The person has stopped messages from this sender: the contact is to be unsubscribed. */
  optedOut: boolean;
  /**
   * The account that took it, in WhatsApp's own digits, where it is not the number that was sent to (Mexico, Argentina, Brazil).
   * Personal data, as the address itself: not for logs.
   */
  whatsappId?: string;
}

/** One request to be sent; the body holds its recipients already. */
export interface ProviderRequest {
  body: string;
  /** LINE's retry key; null where the provider knows none. */
  retryKey: string | null;
  /** Recipients in it. */
  members: number;
  /** Whether the text was filled for this one recipient: then a refused text says nothing about the others. */
  personal: boolean;
}

/** How a broadcast's messages go out. */
export interface DeliveryMode {
  /** Name of the budget, as in `channels.rates`: `push`, `multicast`, `message`. */
  endpoint: string;
  /** Recipients in one request at most. */
  chunkSize: number;
  /** A repeated request with the same key and bytes is never delivered twice. */
  idempotent: boolean;
  /** The provider's documented requests a second. */
  defaultRate: number;
}

/** Something wrong with a message, and where: `messages[0].text`. */
export interface MessageProblem {
  path: string;
  problem: string;
}

/** A message with its places filled, apart from the recipient. */
export type MessageJson = Record<string, unknown>;

/** What the value of a place must not hold. */
export interface ValueRule {
  /**
   * A regular expression that means the same in JavaScript (flag `u`) and to `~` in Postgres: brackets and counts only. A
   * value that matches is refused.
   */
  pattern: string;
  /** What its recipient is rejected with when the plan is made. */
  code: string;
}

/** One kind of provider; knows no account. Pure. */
export interface Provider {
  /** Rules of the provider that can be checked without asking it. Places count as one character. */
  validate(message: MessageJson): MessageProblem[];
  /** For each name, in their order: what its values must not hold wherever the message has that place; null: any will do. */
  valueRules(message: MessageJson, names: readonly string[]): (ValueRule | null)[];
  /** `personal`: the rendered messages differ between recipients. */
  mode(personal: boolean): DeliveryMode;
  /** The request's bytes. `message` is JSON text of the rendered message; `reference` comes back in status webhooks. */
  body(message: string, addresses: string[], reference: string, mode: DeliveryMode): string;
}

/** One account at a provider. Sends nothing by itself, retries nothing. */
export interface ProviderAccount {
  /** Resolves with what became of it, whatever happens; never rejects. */
  send(mode: DeliveryMode, request: ProviderRequest): Promise<ProviderAnswer>;
  /** Asks the provider whether it would take the message; null: it has no such service. Rejects when it cannot be asked. */
  validate(mode: DeliveryMode, message: string): Promise<MessageProblem[] | null>;
  /** Messages left this month; null: no limit, or unknown. */
  quotaLeft(): Promise<number | null>;
  close(): Promise<void>;
}

export interface ProviderAccountOptions {
  channel: Channel;
  /** The access token itself. */
  secret: string;
  /** Connections at most. Too low: requests queue behind each other and miss their slots. */
  connections: number;
  /** Patience with one answer, milliseconds. Too low: slow answers become uncertain; too high: a dead server holds permits. */
  timeoutMs: number;
}
