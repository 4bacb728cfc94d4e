// How a record is written: comma-separated, ASCII, never quoted, so that DuckDB, Postgres and awk read it as it is.
import type { Call, ProviderName, Reply } from './exchange.ts';

/** `recipients`: whom the messages reached; `unreached`: accepted, but blocked, deleted or failed later. */
export const TRUTH_HEADER =
  'at_us,provider,sender,endpoint,request_id,correlation,content_hash,body_hash,message_ids,recipients,unreached';
/** `status` 0: no answer was sent. `recipients` is a count here. */
export const ARRIVALS_HEADER =
  'at_us,provider,sender,endpoint,recipients,accepted,status,code,correlation,request_id,fault';
export const VIOLATIONS_HEADER = 'at_us,provider,sender,endpoint,kind,request_id,correlation';

/** What was accepted, as the provider tells the books. */
export interface Acceptance {
  /** First 64 bits of SHA-256 over the message without recipient and correlation: equal for equal messages. */
  contentHash: string;
  /** The same over the whole body; empty where the provider compares none. */
  bodyHash: string;
  messageIds: string;
  reached: readonly string[];
  unreached: readonly string[];
}

/** One accepted request, as read back. Lists are joined by `;`. */
export interface Truth {
  atUs: number;
  provider: ProviderName;
  sender: string;
  endpoint: string;
  requestId: string;
  correlation: string;
  contentHash: string;
  bodyHash: string;
  messageIds: string;
  recipients: string;
  unreached: string;
}

export interface ArrivalRecord {
  atUs: number;
  provider: ProviderName;
  sender: string;
  endpoint: string;
  recipients: number;
  accepted: boolean;
  status: number;
  code: string;
  correlation: string;
  requestId: string;
  fault: string;
}

/** All that is not printable ASCII, and what the format itself uses. */
const UNSAFE = /[^\x20\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x7e]/;

/** A value that holds anything else than plain ASCII is percent-encoded as a whole. */
export function field(value: string): string {
  if (!UNSAFE.test(value)) return value;
  // Through bytes, since half a surrogate pair cannot be percent-encoded.
  return encodeURIComponent(Buffer.from(value).toString());
}

export function plain(value: string): string {
  return value.includes('%') ? decodeURIComponent(value) : value;
}

export function truthLine(call: Call, { contentHash, bodyHash, messageIds, reached, unreached }: Acceptance): string {
  const { acceptUs, provider, sender, endpoint, requestId, correlation } = call;
  return `${acceptUs},${provider},${sender},${endpoint},${requestId},${field(correlation)},${contentHash},${bodyHash},${messageIds},${joined(reached)},${joined(unreached)}\n`;
}

const joined = (people: readonly string[]): string => (people.length === 1 ? people[0]! : people.join(';'));

export function parseTruth(line: string): Truth {
  const [
    at,
    provider,
    sender,
    endpoint,
    requestId,
    correlation,
    contentHash,
    bodyHash,
    messageIds,
    recipients,
    unreached,
  ] = line.split(',') as [string, ProviderName, ...string[]];
  return {
    ...{ atUs: Number(at), provider, sender: sender!, endpoint: endpoint!, requestId: requestId! },
    ...{ correlation: plain(correlation!), contentHash: contentHash!, bodyHash: bodyHash! },
    ...{ messageIds: messageIds!, recipients: recipients!, unreached: unreached! },
  };
}

export function arrivalLine(call: Call, reply: Reply, status: number, fault: string): string {
  const { atUs, provider, sender, endpoint, recipients, correlation, requestId } = call;
  return `${atUs},${provider},${sender},${endpoint},${recipients.length},${reply.accepted ? 1 : 0},${status},${reply.code},${field(correlation)},${requestId},${fault}\n`;
}

export function parseArrival(line: string): ArrivalRecord {
  const [at, provider, sender, endpoint, recipients, accepted, status, code, correlation, requestId, fault] =
    line.split(',') as [string, ProviderName, ...string[]];
  return {
    ...{ atUs: Number(at), provider, sender: sender!, endpoint: endpoint!, recipients: Number(recipients) },
    ...{ accepted: accepted === '1', status: Number(status), code: code!, correlation: plain(correlation!) },
    ...{ requestId: requestId!, fault: fault! },
  };
}
