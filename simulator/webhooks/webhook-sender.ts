// Carries signed webhooks to the product: batches them, repeats what was not answered by 200, counts what came of them.
import { createHmac } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { SimulatorClock } from '../clock.ts';
import type { ProviderName } from '../exchange.ts';
import { DueItems } from './due-items.ts';

export interface WebhookTarget {
  url: string;
  /** LINE's channel secret, WhatsApp's app secret. */
  secret: string;
}

export interface WebhookCounts {
  /** Reports and events handed over with a 200. */
  delivered: number;
  posts: number;
  repeatedPosts: number;
  /** Given up after the last repetition. */
  lost: number;
}

/** Makes the body of one POST out of items of one sender. */
export type Envelope = (sender: string, items: unknown[]) => unknown;

interface Item {
  provider: ProviderName;
  sender: string;
  item: unknown;
}

interface Post extends WebhookTarget {
  provider: ProviderName;
  body: string;
  items: number;
  tries: number;
}

/** The real one may put up to 1,000 into one POST. */
const BATCH_ITEMS = 100;
const CONNECTIONS = 8;
const ANSWER_TIMEOUT_MS = 5_000;
/** WhatsApp repeats for 7 days at falling frequency; here the gaps double from a second, some 17 minutes in all. */
const FIRST_GAP_MS = 1_000;
const MAX_TRIES = 11;

export class WebhookSender {
  readonly counts: WebhookCounts = { delivered: 0, posts: 0, repeatedPosts: 0, lost: 0 };
  readonly #envelopes: Record<ProviderName, Envelope>;
  readonly #targets = new Map<string, WebhookTarget>();
  readonly #clock: SimulatorClock;
  readonly #items: DueItems<Item>;
  readonly #posts: Post[] = [];
  /** Repetitions to come: each takes itself back. */
  readonly #repetitions = new Set<() => void>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  #running = 0;

  constructor(envelopes: Record<ProviderName, Envelope>, clock: SimulatorClock) {
    this.#envelopes = envelopes;
    this.#clock = clock;
    this.#items = new DueItems<Item>(clock.nowUs, (items) => this.#batch(items));
  }

  /** `sender` null: for every sender without a target of its own. Target null: none any more. */
  aim(provider: ProviderName, sender: string | null, target: WebhookTarget | null): void {
    const key = `${provider} ${sender ?? '*'}`;
    if (target) this.#targets.set(key, target);
    else this.#targets.delete(key);
  }

  has(provider: ProviderName, sender: string): boolean {
    return this.#targets.size > 0 && this.#target(provider, sender) !== undefined;
  }

  get waiting(): number {
    return this.#items.waiting + this.#posts.length + this.#running + this.#repetitions.size;
  }

  put(provider: ProviderName, sender: string, item: unknown, delayMs: number): void {
    this.#items.put({ provider, sender, item }, delayMs);
  }

  /** Sends a body as it is, now, and says the status it was answered with (0: none). Not repeated. */
  async once(provider: ProviderName, sender: string, body: unknown): Promise<number> {
    const target = this.#target(provider, sender);
    return target ? await send(this.#agent, { ...target, provider, body: JSON.stringify(body) }) : 0;
  }

  close(): void {
    this.#items.clear();
    this.#posts.length = 0;
    for (const takeBack of this.#repetitions) takeBack();
    this.#agent.destroy();
  }

  #target(provider: ProviderName, sender: string): WebhookTarget | undefined {
    return this.#targets.get(`${provider} ${sender}`) ?? this.#targets.get(`${provider} *`);
  }

  #batch(items: Item[]): void {
    const bySender = new Map<string, { provider: ProviderName; sender: string; items: unknown[] }>();
    for (const { provider, sender, item } of items) {
      const key = `${provider} ${sender}`;
      const group = bySender.get(key);
      if (group) group.items.push(item);
      else bySender.set(key, { provider, sender, items: [item] });
    }
    for (const group of bySender.values()) {
      const { provider, sender } = group;
      const target = this.#target(provider, sender);
      if (!target) continue;
      for (let start = 0; start < group.items.length; start += BATCH_ITEMS) {
        const batch = group.items.slice(start, start + BATCH_ITEMS);
        const body = JSON.stringify(this.#envelopes[provider](sender, batch));
        this.#posts.push({ ...target, provider, body, items: batch.length, tries: 0 });
      }
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#running < CONNECTIONS && this.#posts.length > 0) {
      this.#running += 1;
      void this.#carry(this.#posts.shift()!);
    }
  }

  async #carry(post: Post): Promise<void> {
    this.counts.posts += 1;
    if (post.tries > 0) this.counts.repeatedPosts += 1;
    const status = await send(this.#agent, post);
    this.#running -= 1;
    post.tries += 1;
    if (status === 200) this.counts.delivered += post.items;
    else if (post.tries >= MAX_TRIES) this.counts.lost += post.items;
    else this.#later(post);
    this.#pump();
  }

  #later(post: Post): void {
    const takeBack = this.#clock.later(FIRST_GAP_MS * 2 ** (post.tries - 1), () => {
      this.#repetitions.delete(takeBack);
      this.#posts.push(post);
      this.#pump();
    });
    this.#repetitions.add(takeBack);
  }
}

/** The header by which each provider proves that a body is its own. */
export function signature(provider: ProviderName, secret: string, body: string): [string, string] {
  const mac = createHmac('sha256', secret).update(body);
  return provider === 'line'
    ? ['x-line-signature', mac.digest('base64')]
    : ['x-hub-signature-256', `sha256=${mac.digest('hex')}`];
}

function send(agent: Agent, post: WebhookTarget & { provider: ProviderName; body: string }): Promise<number> {
  const [name, value] = signature(post.provider, post.secret, post.body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(post.body),
    [name]: value,
  };
  const secure = post.url.startsWith('https:');
  const options = { method: 'POST', headers, timeout: ANSWER_TIMEOUT_MS, ...(secure ? {} : { agent }) };
  return new Promise((resolve) => {
    const request = (secure ? httpsRequest : httpRequest)(post.url, options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', () => resolve(0));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
    request.end(post.body);
  });
}
