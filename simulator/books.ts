// The simulator's books: every arrival, every accepted message, every broken contract, and their counts. Judges nothing.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Call, ProviderName, Reply } from './exchange.ts';
import { memoryRecords, openRecordFile, type RecordLog } from './record-log.ts';
import {
  ARRIVALS_HEADER,
  arrivalLine,
  field,
  parseArrival,
  parseTruth,
  TRUTH_HEADER,
  truthLine,
  VIOLATIONS_HEADER,
  type Acceptance,
  type ArrivalRecord,
  type Truth,
} from './record-lines.ts';

export interface Counts {
  requests: number;
  accepted: number;
  /** Messages that reached somebody. */
  messages: number;
  /** Accepted for somebody whom they do not reach. */
  unreached: number;
  refused: Record<string, number>;
  contractViolations: Record<string, number>;
}

const zero = (): Counts => ({
  requests: 0,
  accepted: 0,
  messages: 0,
  unreached: 0,
  refused: {},
  contractViolations: {},
});

export class Books {
  readonly truth: RecordLog;
  readonly arrivals: RecordLog;
  readonly violations: RecordLog;
  readonly #counts: Record<ProviderName, Map<string, Counts>> = { line: new Map(), whatsapp: new Map() };

  /** `folder` null keeps all in memory. */
  constructor(folder: string | null) {
    if (folder !== null) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const open = (name: string, header: string): RecordLog =>
      folder === null ? memoryRecords() : openRecordFile(join(folder, name), header);
    this.truth = open('truth.csv', TRUTH_HEADER);
    this.arrivals = open('arrivals.csv', ARRIVALS_HEADER);
    this.violations = open('violations.csv', VIOLATIONS_HEADER);
  }

  /** Reads what earlier processes wrote, so that counting goes on; the callbacks let the providers remember too. */
  async restore(onTruth: (truth: Truth) => void, onArrival: (arrival: ArrivalRecord) => void): Promise<void> {
    for await (const lines of this.truth.blocks()) {
      for (const line of lines) {
        const truth = parseTruth(line);
        this.#countTruth(truth.provider, truth.sender, listLength(truth.recipients), listLength(truth.unreached));
        onTruth(truth);
      }
    }
    for await (const lines of this.arrivals.blocks()) {
      for (const line of lines) {
        const arrival = parseArrival(line);
        this.#countArrival(arrival.provider, arrival.sender, arrival.accepted, arrival.code);
        onArrival(arrival);
      }
    }
    for await (const lines of this.violations.blocks()) {
      for (const line of lines) {
        const [, provider, sender, , kind] = line.split(',') as [string, ProviderName, string, string, string];
        this.#countViolation(provider, sender, kind);
      }
    }
  }

  accept(call: Call, accepted: Acceptance): void {
    const { reached, unreached } = accepted;
    this.truth.append(truthLine(call, accepted));
    this.#countTruth(call.provider, call.sender, reached.length, unreached.length);
  }

  arrived(call: Call, reply: Reply, status: number, fault: string): void {
    this.arrivals.append(arrivalLine(call, reply, status, fault));
    this.#countArrival(call.provider, call.sender, reply.accepted, reply.code);
  }

  /** The caller did what the provider's contract leaves undefined or forbids. */
  violated(call: Call, kind: string): void {
    const { acceptUs, provider, sender, endpoint, requestId, correlation } = call;
    this.violations.append(
      `${acceptUs},${provider},${sender},${endpoint},${kind},${requestId},${field(correlation)}\n`,
    );
    this.#countViolation(provider, sender, kind);
  }

  flush(): void {
    this.truth.flush();
    this.arrivals.flush();
    this.violations.flush();
  }

  close(): void {
    this.flush();
    for (const log of [this.truth, this.arrivals, this.violations]) log.close();
  }

  /** Sums over the senders asked for. */
  counts(provider: string | null, sender: string | null): Counts {
    const sum = zero();
    for (const [itsProvider, senders] of Object.entries(this.#counts)) {
      if (provider !== null && itsProvider !== provider) continue;
      for (const [itsSender, counts] of senders) if (sender === null || itsSender === sender) addTo(sum, counts);
    }
    return sum;
  }

  #of(provider: ProviderName, sender: string): Counts {
    let counts = this.#counts[provider].get(sender);
    if (!counts) {
      counts = zero();
      this.#counts[provider].set(sender, counts);
    }
    return counts;
  }

  #countTruth(provider: ProviderName, sender: string, reached: number, unreached: number): void {
    const counts = this.#of(provider, sender);
    counts.messages += reached;
    counts.unreached += unreached;
  }

  #countArrival(provider: ProviderName, sender: string, accepted: boolean, code: string): void {
    const counts = this.#of(provider, sender);
    counts.requests += 1;
    if (accepted) counts.accepted += 1;
    if (code !== '') counts.refused[code] = (counts.refused[code] ?? 0) + 1;
  }

  #countViolation(provider: ProviderName, sender: string, kind: string): void {
    const { contractViolations } = this.#of(provider, sender);
    contractViolations[kind] = (contractViolations[kind] ?? 0) + 1;
  }
}

function listLength(joined: string): number {
  return joined === '' ? 0 : joined.split(';').length;
}

function addTo(sum: Counts, counts: Counts): void {
  for (const name of ['requests', 'accepted', 'messages', 'unreached'] as const) sum[name] += counts[name];
  for (const map of ['refused', 'contractViolations'] as const) {
    for (const [name, n] of Object.entries(counts[map])) sum[map][name] = (sum[map][name] ?? 0) + n;
  }
}
