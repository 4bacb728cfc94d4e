// Reads the books for whoever asks: the ledger and the arrivals as JSON lines, and the sums over them. Changes nothing.
import type { RecordLog } from '../record-log.ts';
import { parseArrival, parseTruth, plain, type Truth } from '../record-lines.ts';
import { senderName } from '../sender-names.ts';
import type { World } from '../world.ts';

/** One record for each message and person. With `reached=false`: accepted for somebody whom it does not reach. */
export async function* ledger(log: RecordLog, query: URLSearchParams): AsyncGenerator<string> {
  const wanted = filterOf(query);
  const recipient = query.get('recipient')?.replace(/^[+ ]/, '');
  const unreached = query.get('reached') === 'false';
  for await (const lines of log.blocks()) {
    let text = '';
    for (const line of lines) {
      if (recipient !== undefined && !line.includes(recipient)) continue;
      const truth = parseTruth(line);
      if (!wanted(truth)) continue;
      for (const person of peopleOf(unreached ? truth.unreached : truth.recipients))
        if (recipient === undefined || recipient === person) text += ledgerLine(truth, person);
    }
    if (text !== '') yield text;
  }
}

export async function* arrivals(log: RecordLog, query: URLSearchParams): AsyncGenerator<string> {
  const wanted = filterOf(query);
  for await (const lines of log.blocks()) {
    let text = '';
    for (const line of lines) {
      const { atUs, ...arrival } = parseArrival(line);
      if (wanted({ ...arrival, atUs })) text += `${JSON.stringify({ at: atUs, ...arrival })}\n`;
    }
    if (text !== '') yield text;
  }
}

export async function* violations(log: RecordLog, query: URLSearchParams): AsyncGenerator<string> {
  const wanted = filterOf(query);
  for await (const lines of log.blocks()) {
    for (const line of lines) {
      const [at, provider, sender, endpoint, kind, requestId, correlation] = line.split(',');
      const record = { provider, sender, endpoint, kind, requestId, correlation: plain(correlation!) };
      if (wanted({ ...record, atUs: Number(at) })) yield `${JSON.stringify({ at: Number(at), ...record })}\n`;
    }
  }
}

/** Counts, for one provider or sender when asked. `distinct=false` leaves out what needs a walk through the ledger. */
export async function summary(world: World, query: URLSearchParams): Promise<Record<string, unknown>> {
  const { books, faults, outbox, webhooks } = world;
  const given = query.get('sender');
  const counts = books.counts(query.get('provider'), given === null ? null : senderName(given));
  return {
    ...counts,
    ...(query.get('distinct') === 'false' ? {} : await walk(books.truth, query)),
    contractViolationsTotal: Object.values(counts.contractViolations).reduce((sum, n) => sum + n, 0),
    lostAnswers: faults.all.reduce((sum, fault) => sum + fault.lostAnswers, 0),
    unheardAnswers: outbox.unheardAnswers,
    held: outbox.held,
    webhooks: { ...webhooks.counts, waiting: webhooks.waiting },
  };
}

/** `duplicatesBy…`: messages beyond the first to the same person from the same sender with the same reference or content. */
async function walk(log: RecordLog, query: URLSearchParams): Promise<Record<string, number>> {
  const wanted = filterOf(query);
  const people = new Set<string>();
  const byReference = new Set<string>();
  const byContent = new Set<string>();
  let duplicatesByCorrelation = 0;
  let duplicatesByContent = 0;
  for await (const lines of log.blocks()) {
    for (const line of lines) {
      const truth = parseTruth(line);
      if (!wanted(truth)) continue;
      for (const person of peopleOf(truth.recipients)) {
        const key = `${truth.provider} ${truth.sender} ${person}`;
        people.add(key);
        if (truth.correlation !== '' && !addNew(byReference, `${key} ${truth.correlation}`))
          duplicatesByCorrelation += 1;
        if (!addNew(byContent, `${key} ${truth.contentHash}`)) duplicatesByContent += 1;
      }
    }
  }
  return { distinctRecipients: people.size, duplicatesByCorrelation, duplicatesByContent };
}

function addNew(set: Set<string>, value: string): boolean {
  const before = set.size;
  return set.add(value).size > before;
}

const peopleOf = (joined: string): string[] => (joined === '' ? [] : joined.split(';'));

function ledgerLine(truth: Truth, recipient: string): string {
  const { provider, sender, endpoint, correlation, contentHash, requestId, messageIds, atUs } = truth;
  const record = { provider, sender, endpoint, recipient, correlation, contentHash, requestId };
  return `${JSON.stringify({ ...record, messageId: messageIds, at: atUs })}\n`;
}

type Filter = (record: Record<string, unknown> | Truth) => boolean;

/** `provider`, `sender`, `endpoint`, `correlation`, `code`, `kind`, `accepted`, and `from`/`to` in epoch µs. */
function filterOf(query: URLSearchParams): Filter {
  const equal = ['provider', 'sender', 'endpoint', 'correlation', 'code', 'kind', 'accepted'].flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, name === 'sender' ? senderName(value) : value] as const];
  });
  const from = Number(query.get('from') ?? 0);
  const to = Number(query.get('to') ?? Number.POSITIVE_INFINITY);
  return (given) => {
    const record = given as Record<string, unknown>;
    const atUs = Number(record['atUs']);
    return atUs >= from && atUs < to && equal.every(([name, value]) => String(record[name]) === value);
  };
}
