// Scripted faults: which request each one strikes, and how often it did. What a strike does is done elsewhere.
import type { Call, ProviderName, Refusal } from './exchange.ts';
import { seededRandom, type Random } from './random.ts';

/** In place of the provider's own judgement. */
export const BEFORE_KINDS = [
  'drop-before-accept',
  'hold-before-accept',
  'rate-burst',
  'token-expired',
  'quota-zero',
  'error',
  'down',
] as const;
/** To the answer of a request that the provider took. */
export const AFTER_KINDS = [
  'accept-then-drop',
  'accept-then-500',
  'accept-then-timeout',
  'accept-then-error',
  'malformed-200',
  'slow',
  'hold',
  'webhook-before-response',
] as const;
/** To a status report on its way. */
export const WEBHOOK_KINDS = ['webhook-delay', 'webhook-duplicate', 'webhook-reorder', 'webhook-drop'] as const;

export const FAULT_KINDS = [...BEFORE_KINDS, ...AFTER_KINDS, ...WEBHOOK_KINDS] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** All selectors must fit. Without `count` and `forMs` a fault lasts until it is deleted. */
export interface FaultSpec {
  kind: FaultKind;
  provider?: ProviderName;
  endpoint?: string;
  sender?: string;
  recipient?: string;
  /** Lets this many fitting requests pass first. */
  skip?: number;
  /** Strikes every Nth of the fitting ones. */
  every?: number;
  /** Strikes at most so many. */
  count?: number;
  /** Strikes with this chance, from `seed`. */
  probability?: number;
  seed?: number;
  /** Lasts so long from now. */
  forMs?: number;
  /** How long `slow`, `webhook-delay` and `webhook-before-response` wait. */
  ms?: number;
  /** What `error` and `accept-then-error` answer. */
  status?: number;
  code?: number;
  message?: string;
  /** How `down` shows: `refuse` closes the port (needs forMs), `destroy` cuts each connection at its request. */
  mode?: 'refuse' | 'destroy';
}

/** The refusal that a fault asks for by number and word. */
export function errorOf({ status, code, message }: FaultSpec): Refusal {
  return { kind: 'error', status: status ?? null, code: code ?? null, message: message ?? null };
}

export interface Fault {
  id: number;
  spec: FaultSpec;
  fitting: number;
  hits: number;
  /** Accepted, and the caller was not told. */
  lostAnswers: number;
  endsUs: number;
  random: Random;
}

/** What a fault is chosen by. */
export type Target = Pick<Call, 'provider' | 'sender' | 'endpoint' | 'recipients'>;

const phaseOf = (kind: FaultKind): 'before' | 'after' | 'webhook' => {
  if ((BEFORE_KINDS as readonly string[]).includes(kind)) return 'before';
  return (AFTER_KINDS as readonly string[]).includes(kind) ? 'after' : 'webhook';
};

export class Faults {
  readonly nowUs: () => number;
  readonly #seed: number;
  #all: Fault[] = [];
  #lastId = 0;

  constructor(nowUs: () => number, seed: number) {
    this.nowUs = nowUs;
    this.#seed = seed;
  }

  /** False on the quick path: nothing to look at. */
  get any(): boolean {
    return this.#all.length > 0;
  }

  get all(): readonly Fault[] {
    return this.#all;
  }

  add(spec: FaultSpec): Fault {
    this.#lastId += 1;
    const fault: Fault = {
      ...{ id: this.#lastId, spec, fitting: 0, hits: 0, lostAnswers: 0 },
      endsUs: spec.forMs === undefined ? Number.POSITIVE_INFINITY : this.nowUs() + spec.forMs * 1000,
      random: seededRandom(spec.seed ?? this.#seed + this.#lastId),
    };
    this.#all = [...this.#all, fault];
    return fault;
  }

  /** Null clears all. */
  remove(id: number | null): number {
    const before = this.#all.length;
    this.#all = id === null ? [] : this.#all.filter((fault) => fault.id !== id);
    return before - this.#all.length;
  }

  /** The first fault of a phase that strikes this request now, its hit counted. */
  strike(phase: 'before' | 'after' | 'webhook', target: Target, only?: FaultKind): Fault | null {
    for (const fault of this.#all) {
      if (phaseOf(fault.spec.kind) !== phase || (only && fault.spec.kind !== only)) continue;
      if (this.#strikes(fault, target)) return fault;
    }
    return null;
  }

  #strikes(fault: Fault, target: Target): boolean {
    const { spec } = fault;
    if (spec.count !== undefined && fault.hits >= spec.count) return false;
    if (spec.provider && spec.provider !== target.provider) return false;
    if (spec.endpoint && spec.endpoint !== target.endpoint) return false;
    if (spec.sender && spec.sender !== target.sender) return false;
    if (spec.recipient && !target.recipients.includes(spec.recipient)) return false;
    // A monthly quota exists on these endpoints only.
    if (spec.kind === 'quota-zero' && target.endpoint !== 'push' && target.endpoint !== 'multicast') return false;
    if (this.nowUs() >= fault.endsUs) return false;
    fault.fitting += 1;
    const turn = fault.fitting - (spec.skip ?? 0);
    if (turn <= 0 || (spec.every !== undefined && turn % spec.every !== 0)) return false;
    if (spec.probability !== undefined && fault.random() >= spec.probability) return false;
    fault.hits += 1;
    return true;
  }
}
