// A simulated LINE Messaging API: judges each request in the order the real one does, never more kindly.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Books } from '../books.ts';
import { shortHash } from '../content-hash.ts';
import type { Call, ProviderApi, Refusal, Reply } from '../exchange.ts';
import { isObject, parseJson, textOf, type JsonObject } from '../json-values.ts';
import type { RateLimits } from '../rate-limits.ts';
import { lineSender } from '../sender-names.ts';
import type { LineCall } from './line-call.ts';
import { LINE_PREFIX, linePath, RETRYABLE } from './line-paths.ts';
import { readLine } from './line-reads.ts';
import * as replies from './line-replies.ts';
import type { LineState } from './line-state.ts';
import { sendLine } from './line-send.ts';
import { checkMessages } from './message-rules.ts';
import { isUuid } from './retry-keys.ts';

const NOBODY: readonly string[] = [];
const MAX_BODY_BYTES = 2 * 1024 * 1024;
const VALIDATED: ReadonlySet<string> = new Set(['push', 'multicast', 'narrowcast', 'broadcast', 'reply']);

export interface LineApiOptions {
  state: LineState;
  rates: RateLimits;
  books: Books;
}

export function lineApi({ state, rates, books }: LineApiOptions): ProviderApi<LineCall> {
  return { name: 'line', arrive, read, decide, refuse };

  function arrive(method: string, url: string, headers: IncomingHttpHeaders, atUs: number): LineCall | null {
    if (!url.startsWith(LINE_PREFIX)) return null;
    const mark = url.indexOf('?');
    const path = linePath(method, mark < 0 ? url : url.slice(0, mark));
    const requestId = randomUUID();
    const sender = lineSender(headers.authorization);
    let refusal: Reply | null = null;
    if (sender === '') refusal = replies.unauthorized(requestId);
    else if (!path) refusal = replies.notFound(requestId);
    else if (!rates.admit('line', sender, path.endpoint, atUs)) refusal = replies.rateExceeded(requestId);
    return {
      atUs,
      acceptUs: atUs,
      provider: 'line',
      sender,
      endpoint: path?.endpoint ?? 'unknown',
      requestId,
      headers,
      refusal,
      recipients: NOBODY,
      correlation: textOf(headers['x-line-retry-key']),
      rest: path?.rest ?? '',
      query: mark < 0 ? null : new URLSearchParams(url.slice(mark)),
      body: undefined,
      bodyHash: '',
      bytes: 0,
    };
  }

  function read(call: LineCall, bytes: Buffer): void {
    call.bytes = bytes.length;
    if (bytes.length === 0) return;
    const body = parseJson(bytes.toString());
    if (call.correlation !== '') call.bodyHash = shortHash(bytes);
    if (!isObject(body)) return;
    call.body = body;
    const { to } = body;
    if (typeof to === 'string') call.recipients = [to];
    else if (Array.isArray(to)) call.recipients = to.map(textOf);
  }

  function decide(call: LineCall): Reply {
    const { requestId, endpoint, correlation, sender } = call;
    // Refused before the body is looked at: a key where none is known, or one that is no UUID.
    if (correlation !== '' && !RETRYABLE.has(endpoint))
      return replies.badRetryKey(requestId, 'this endpoint does not support it');
    if (correlation !== '' && !isUuid(correlation)) return replies.badRetryKey(requestId, 'it must be a UUID');
    const told = readLine(state, call);
    if (told) return told;
    if (call.bytes > MAX_BODY_BYTES) return replies.byStatus(requestId, 413, null);
    if (!/^application\/json\b/i.test(call.headers['content-type'] ?? ''))
      return replies.byStatus(requestId, 415, null);
    if (call.body === undefined) return replies.byStatus(requestId, 400, null);
    if (correlation !== '') {
      const found = state.keys.find(sender, correlation, state.clock.simulatedUs(call.acceptUs));
      if (found) {
        // Undefined by LINE, so answered like a true repeat, and written down against the caller.
        if (found.bodyHash !== call.bodyHash) books.violated(call, 'retry_key_with_another_body');
        return replies.alreadyAccepted(requestId, found.requestId, replies.sentMessages(found.messageIds));
      }
    }
    switch (endpoint) {
      case 'push':
      case 'multicast':
        return sendLine(state, books, call, call.body);
      case 'validate':
        return validate(call, call.body);
      case 'reply':
        // Reply tokens come with webhooks of user messages and are not redeemable here.
        return replies.refused(requestId, 400, 'invalid_reply_token', 'Invalid reply token');
      default:
        return replies.notAvailable(requestId);
    }
  }
}

function validate({ requestId, rest }: LineCall, body: JsonObject): Reply {
  if (!VALIDATED.has(rest)) return replies.notFound(requestId);
  const details = checkMessages(body);
  return details.length > 0 ? replies.invalidContent(requestId, details) : replies.told(requestId, {});
}

function refuse({ requestId }: Call, refusal: Refusal): Reply {
  switch (refusal.kind) {
    case 'rate':
      return replies.rateExceeded(requestId);
    case 'token':
      return replies.unauthorized(requestId);
    case 'quota':
      return replies.quotaExceeded(requestId);
    case 'broken':
      return replies.byStatus(requestId, 500, null);
    case 'error':
      return replies.byStatus(requestId, refusal.status ?? 500, refusal.message);
  }
}
