// A provider that judges by rules of its own and keeps its own truth: whom it reached, when, and what it has told whom.
import { readLineAnswer } from '../../adapters/channels/line/answers.ts';
import { sendOnce } from '../../adapters/channels/send-once.ts';
import { readWhatsAppAnswer } from '../../adapters/channels/whatsapp/answers.ts';
import type { Exchange } from '../../adapters/channels/exchange.ts';
import type { DeliveryMode, ProviderAccount, ProviderRequest } from '../../ports/provider.ts';
import { ACCEPTED_BEFORE, LINE_ANSWERS, WHATSAPP_ANSWERS, type AnswerKind, type Meaning } from './answers.ts';
import type { Actor, Simulation } from './simulation.ts';

/** How long LINE remembers a retry key. */
const REMEMBERED_MS = 24 * 3_600_000;
/** The product's patience with one answer. */
const PATIENCE_MS = 30_000;

export interface Sent {
  step: number;
  at: number;
  actor: Actor;
  broadcastId: string;
  /** LINE's retry key, or `ordinal.attempt` of WhatsApp. */
  unit: string;
  addresses: string[];
  taken: boolean;
  kind: string;
  means: Meaning;
  hopeless: boolean;
  optedOut: boolean;
  /** Its process has the answer. */
  heard: boolean;
}

export class FakeProvider {
  readonly sent: Sent[] = [];
  /** Answers to come, by name; then all is well. `slow` in front of a name holds the answer back. */
  script: string[] = [];
  /** The same for requests that come again. */
  repeats: string[] = [];
  onSend: (sent: Sent) => void = () => undefined;
  readonly #sim: Simulation;
  readonly #complain: (what: string) => void;
  readonly #keys = new Map<string, { body: string; acceptedAt: number | null }>();
  #held: (() => void)[] = [];

  constructor(sim: Simulation, complain: (what: string) => void) {
    this.#sim = sim;
    this.#complain = complain;
  }

  account(kind: 'line' | 'whatsapp'): ProviderAccount {
    return {
      send: (mode, request) =>
        sendOnce(
          () => this.#exchange(kind, mode, request),
          (exchange) =>
            kind === 'line'
              ? readLineAnswer(exchange, request.members, request.personal)
              : readWhatsAppAnswer(exchange, request.personal),
        ),
      validate: async () => null,
      quotaLeft: async () => null,
      close: async () => undefined,
    };
  }

  /** Answers that were held back come. */
  release(): void {
    const held = this.#held;
    this.#held = [];
    for (const free of held) free();
  }

  get holding(): number {
    return this.#held.length;
  }

  async #exchange(kind: 'line' | 'whatsapp', mode: DeliveryMode, request: ProviderRequest): Promise<Exchange> {
    const actor = this.#sim.actors.getStore()!;
    const known = request.retryKey !== null && this.#keys.has(request.retryKey);
    const scripted = (known ? this.repeats.shift() : undefined) ?? this.script.shift() ?? 'ok';
    const slow = scripted.startsWith('slow ');
    const name = scripted.replace('slow ', '');
    const answers = kind === 'line' ? LINE_ANSWERS : WHATSAPP_ANSWERS;
    const chosen = answers[name] ?? answers[this.#stand(name, answers)]!;
    const { sent, exchange } =
      kind === 'line' ? this.#line(actor, mode, request, name, chosen) : this.#whatsapp(actor, request, name, chosen);
    this.sent.push(sent);
    this.#sim.trace.push(
      `${this.#sim.step} +${this.#sim.now} ${actor.name} sent ${sent.unit} to ${sent.addresses.length}: ${scripted}${sent.taken ? ', taken' : ''}`,
    );
    this.onSend(sent);
    const patient = !slow || (await this.#hold());
    await this.#sim.event(actor, `answer ${sent.unit}`);
    sent.heard = true;
    if (patient) return exchange;
    sent.means = 'unknown';
    return { kind: 'unknown', code: 'timeout' };
  }

  /** What only the other provider answers stands for something that this one does. */
  #stand(name: string, answers: Record<string, AnswerKind>): string {
    const usable = Object.keys(answers).filter((one) => answers[one]!.hopeless === undefined);
    return usable[[...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % usable.length]!;
  }

  /** Until it is released; false: the product has lost its patience. */
  #hold(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#held.push(() => resolve(true));
      setTimeout(() => resolve(false), PATIENCE_MS);
    });
  }

  #line(
    actor: Actor,
    mode: DeliveryMode,
    { body, retryKey }: ProviderRequest,
    name: string,
    kind: AnswerKind,
  ): { sent: Sent; exchange: Exchange } {
    const { to } = JSON.parse(body) as { to: string | string[] };
    const addresses = typeof to === 'string' ? [to] : to;
    if ((mode.endpoint === 'push') !== (typeof to === 'string')) this.#complain(`a ${mode.endpoint} to ${typeof to}`);
    if (new Set(addresses).size !== addresses.length || addresses.length === 0 || addresses.length > 500)
      this.#complain('LINE takes 1 to 500 different recipients');
    if (addresses.some((address) => !/^U[0-9a-f]{32}$/.test(address))) this.#complain('that is no LINE user id');
    const key = retryKey ?? '';
    if (!/^[0-9a-f-]{36}$/.test(key)) this.#complain('a request without a retry key');
    const known = this.#keys.get(key) ?? { body, acceptedAt: null };
    this.#keys.set(key, known);
    if (known.body !== body) this.#complain(`retry key ${key} came again with other bytes`);
    const remembered = known.acceptedAt !== null && this.#sim.now - known.acceptedAt <= REMEMBERED_MS;
    const taken = kind.takes && !remembered;
    if (taken) known.acceptedAt = this.#sim.now;
    const before = remembered && kind.means === 'accepted';
    const sent = this.#record(actor, key, addresses, taken, name, kind);
    return { sent, exchange: before ? ACCEPTED_BEFORE : kind.exchange };
  }

  #whatsapp(
    actor: Actor,
    { body }: ProviderRequest,
    name: string,
    kind: AnswerKind,
  ): { sent: Sent; exchange: Exchange } {
    const request = JSON.parse(body) as { to?: string; recipient?: string; biz_opaque_callback_data: string };
    const given = [request.to, request.recipient].filter((one) => one !== undefined);
    if (given.length !== 1) this.#complain('a request must name its recipient once');
    const unit = request.biz_opaque_callback_data.split('.').slice(2).join('.');
    // An id in `to` is answered as if all were well, and nobody gets the message.
    const reaches = request.to === undefined || /^\+?[0-9]{6,15}$/.test(request.to);
    if (request.recipient !== undefined && !/^[A-Z]{2}\./.test(request.recipient))
      this.#complain('a number in `recipient`');
    const sent = this.#record(actor, unit, [given[0] ?? ''], kind.takes && reaches, name, kind);
    return { sent, exchange: kind.exchange };
  }

  #record(actor: Actor, unit: string, addresses: string[], taken: boolean, kind: string, answer: AnswerKind): Sent {
    return {
      step: this.#sim.step,
      at: this.#sim.now,
      actor,
      broadcastId: String(actor.facts['broadcastId']),
      unit,
      addresses,
      taken,
      kind,
      means: answer.means,
      hopeless: answer.hopeless === true || (answer.hopeless === 'equal' && actor.facts['personal'] !== true),
      optedOut: answer.optedOut === true,
      heard: false,
    };
  }
}
