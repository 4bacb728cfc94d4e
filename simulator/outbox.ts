// Sends answers, one tick at a time, and only after the books of that tick are written. Here a fault takes an answer away.
import type { ServerResponse } from 'node:http';
import type { Books } from './books.ts';
import type { SimulatorClock } from './clock.ts';
import type { Call, Refusal, Reply } from './exchange.ts';
import { errorOf, type Fault, type FaultKind } from './faults.ts';

/** How long `webhook-before-response` lets the status run ahead when the fault does not say. */
const RUN_AHEAD_MS = 200;
const MALFORMED_SHARE = 0.6;

interface Waiting {
  response: ServerResponse;
  reply: Reply;
  fault: Fault | null;
}

/** Faults under which nothing goes out. */
const SILENT: ReadonlySet<FaultKind> = new Set([
  'accept-then-drop',
  'accept-then-timeout',
  'drop-before-accept',
  'down',
]);

export class Outbox {
  readonly #books: Books;
  readonly #clock: SimulatorClock;
  readonly #refuse: (call: Call, refusal: Refusal) => Reply;
  #waiting: Waiting[] = [];
  #held: { fault: Fault; release: () => void }[] = [];
  #unheard = 0;

  /** `refuse` makes the answer of a provider that lost its head after accepting. */
  constructor(books: Books, clock: SimulatorClock, refuse: (call: Call, refusal: Refusal) => Reply) {
    this.#books = books;
    this.#clock = clock;
    this.#refuse = refuse;
  }

  /** Accepted, but the caller had hung up when the answer was due. */
  get unheardAnswers(): number {
    return this.#unheard;
  }

  get held(): number {
    return this.#held.length;
  }

  /** Queues the answer for the end of this turn of the event loop. */
  put(response: ServerResponse, call: Call, reply: Reply, fault: Fault | null): void {
    const shown = fault === null ? reply : this.#shown(call, reply, fault);
    const kind = fault?.spec.kind;
    // What the caller is told, 0 for nothing. That it was accepted is booked whatever that is.
    this.#books.arrived(call, reply, kind && SILENT.has(kind) ? 0 : shown.status, kind ?? '');
    this.#waiting.push({ response, reply: shown, fault });
    // The poll phase has handed over all that arrived by now: one write for all of them.
    if (this.#waiting.length === 1) setImmediate(() => this.flush());
  }

  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#books.flush();
    for (const { response, reply, fault } of waiting) {
      if (fault === null) this.#send(response, reply);
      else this.#sendUnder(fault, response, reply);
    }
  }

  /** Keeps a request or an answer back until it is released. */
  hold(fault: Fault, release: () => void): void {
    this.#held.push({ fault, release });
  }

  /** Oldest first; null releases all. Says how many. */
  release(count: number | null): number {
    const free = this.#held.splice(0, count ?? this.#held.length);
    for (const { release } of free) release();
    return free.length;
  }

  #shown(call: Call, reply: Reply, { spec }: Fault): Reply {
    if (spec.kind === 'accept-then-500') return { ...this.#refuse(call, { kind: 'broken' }), accepted: reply.accepted };
    if (spec.kind === 'accept-then-error') return { ...this.#refuse(call, errorOf(spec)), accepted: reply.accepted };
    return reply;
  }

  #sendUnder(fault: Fault, response: ServerResponse, reply: Reply): void {
    const { kind, ms } = fault.spec;
    const lost = reply.accepted ? 1 : 0;
    switch (kind) {
      case 'accept-then-drop':
      case 'drop-before-accept':
      case 'down':
        fault.lostAnswers += lost;
        response.destroy();
        return;
      case 'accept-then-timeout':
        fault.lostAnswers += lost;
        return;
      case 'accept-then-500':
      case 'accept-then-error':
        fault.lostAnswers += lost;
        this.#send(response, reply);
        return;
      case 'malformed-200': {
        fault.lostAnswers += lost;
        const body = reply.body.slice(0, Math.floor(reply.body.length * MALFORMED_SHARE)) || '{"';
        this.#send(response, { ...reply, body });
        return;
      }
      case 'slow':
      case 'webhook-before-response':
        this.#clock.later(ms ?? RUN_AHEAD_MS, () => this.#send(response, reply, fault));
        return;
      case 'hold':
        this.hold(fault, () => this.#send(response, reply, fault));
        return;
      default:
        this.#send(response, reply);
    }
  }

  #send(response: ServerResponse, reply: Reply, fault: Fault | null = null): void {
    if (response.destroyed || response.socket?.destroyed !== false) {
      if (reply.accepted) this.#unheard += 1;
      if (reply.accepted && fault) fault.lostAnswers += 1;
      return;
    }
    response.sendDate = false;
    response.writeHead(reply.status, [...reply.headers, 'content-length', String(Buffer.byteLength(reply.body))]);
    response.end(reply.body);
  }
}
