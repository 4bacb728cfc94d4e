// What LINE's answers mean. LINE gives no codes: the HTTP status decides, then the message's text. Pure.
import type { ProviderAnswer } from '../../../pipelines/contracts/provider.ts';
import { firstHeader, type Exchange } from '../exchange.ts';

interface LineError {
  message?: string;
  details?: { message?: string; property?: string }[];
  sentMessages?: { id?: string }[];
}

type Verdict = Pick<ProviderAnswer, 'class' | 'code' | 'about'> & { waitMs?: number };

/** A used-up quota ends with the month or by a person's hand; asking every minute is often enough. */
const QUOTA_WAIT_MS = 60_000;

/** `members`: recipients in the request; `personal`: its text was filled for this one recipient. */
export function readLineAnswer(exchange: Exchange, members: number, personal: boolean): ProviderAnswer {
  if (exchange.kind === 'not_sent') return answer({ class: 'retry_backoff', code: exchange.code, about: 'channel' });
  if (exchange.kind === 'unknown') return answer({ class: 'ambiguous', code: exchange.code, about: 'channel' });
  const requestId = firstHeader(exchange.headers, 'x-line-request-id');
  const body = parsed(exchange.body);
  const messageId = body?.sentMessages?.[0]?.id ?? null;
  return { ...answer(verdict(exchange.status, body, members, personal)), requestId, messageId };
}

function verdict(status: number, body: LineError | null, members: number, personal: boolean): Verdict {
  const text = body?.message ?? '';
  if (status === 200 || status === 202)
    return { class: 'accepted', code: body === null ? 'malformed_200' : '', about: 'recipient' };
  // "The retry key is already accepted": an earlier try got through.
  if (status === 409) return { class: 'accepted', code: 'accepted_before', about: 'recipient' };
  if (status === 400) return badRequest(body, members, personal);
  if (status === 401) return { class: 'pause_channel', code: 'token', about: 'channel' };
  if (status === 429 && /monthly limit/i.test(text))
    return { class: 'pause_channel', code: 'quota', about: 'channel', waitMs: QUOTA_WAIT_MS };
  if (status === 429) return { class: 'retry_backoff', code: 'rate', about: 'rate' };
  if (status >= 500) return { class: 'ambiguous', code: `http_${status}`, about: 'channel' };
  // 403, 404, 410, 413, 415: plan, path or size. Every other request would get the same.
  return { class: 'fail_broadcast', code: `http_${status}`, about: 'broadcast' };
}

function badRequest(body: LineError | null, members: number, personal: boolean): Verdict {
  const properties = (body?.details ?? []).map((detail) => detail.property ?? '');
  const recipientIsWrong =
    /property, 'to'/i.test(body?.message ?? '') ||
    /Failed to send messages/i.test(body?.message ?? '') ||
    (properties.length > 0 && properties.every((property) => property.startsWith('to')));
  if (recipientIsWrong)
    return { class: 'fail_recipient', code: 'unknown_recipient', about: members > 1 ? 'member' : 'recipient' };
  if (personal && properties.some((property) => property.startsWith('messages')))
    return { class: 'fail_recipient', code: 'content', about: 'recipient' };
  return {
    class: 'fail_broadcast',
    code: properties.find((property) => property !== '') ?? 'http_400',
    about: 'broadcast',
  };
}

function answer(facts: Verdict): ProviderAnswer {
  return { requestId: null, messageId: null, waitMs: null, unclear: false, optedOut: false, ...facts };
}

function parsed(body: string): LineError | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}
