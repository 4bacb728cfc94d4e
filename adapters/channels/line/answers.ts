// What LINE's answers mean. LINE gives no codes: the HTTP status decides, then the message's text. Pure.
import type { ProviderAnswer } from '../../../ports/provider.ts';
import { idOf, objectIn, objectsOf, storable, textOf } from '../answer-values.ts';
import { firstHeader, type Exchange } from '../exchange.ts';
import type { JsonObject } from '../message-check.ts';

type Verdict = Pick<ProviderAnswer, 'class' | 'code' | 'about'> & { waitMs?: number };

/** A used-up quota ends with the month or by a person's hand; asking every minute is often enough. */
const QUOTA_WAIT_MS = 60_000;

/** `members`: recipients in the request; `personal`: its text was filled for this one recipient. Never throws. */
export function readLineAnswer(exchange: Exchange, members: number, personal: boolean): ProviderAnswer {
  if (exchange.kind === 'not_sent') return answer({ class: 'retry_backoff', code: exchange.code, about: 'channel' });
  if (exchange.kind === 'unknown') return answer({ class: 'ambiguous', code: exchange.code, about: 'channel' });
  const body = objectIn(exchange.body);
  return {
    ...answer(verdict(exchange.status, body, members, personal)),
    requestId: idOf(firstHeader(exchange.headers, 'x-line-request-id')),
    messageId: idOf(objectsOf(body?.['sentMessages'])[0]?.['id']),
  };
}

function verdict(status: number, body: JsonObject | null, members: number, personal: boolean): Verdict {
  const text = textOf(body?.['message']);
  if (status === 200 || status === 202)
    return { class: 'accepted', code: body === null ? 'malformed_200' : '', about: 'recipient' };
  // "The retry key is already accepted": an earlier try got through.
  if (status === 409) return { class: 'accepted', code: 'accepted_before', about: 'recipient' };
  if (status === 400) return badRequest(body, text, members, personal);
  if (status === 401) return { class: 'pause_channel', code: 'token', about: 'channel' };
  if (status === 429) return tooMany(text);
  if (status >= 500) return { class: 'ambiguous', code: `http_${status}`, about: 'channel' };
  // 403, 404, 410, 413, 415: plan, path or size. Every other request would get the same.
  return { class: 'fail_broadcast', code: `http_${status}`, about: 'broadcast' };
}

function tooMany(text: string): Verdict {
  if (/monthly limit/i.test(text))
    return { class: 'pause_channel', code: 'quota', about: 'channel', waitMs: QUOTA_WAIT_MS };
  if (/rate limit/i.test(text)) return { class: 'retry_backoff', code: 'rate', about: 'rate' };
  // Not a matter of pace as far as anybody knows: slowing down for ever would hide that nothing gets through.
  return { class: 'retry_backoff', code: 'http_429', about: 'channel' };
}

function badRequest(body: JsonObject | null, text: string, members: number, personal: boolean): Verdict {
  const properties = objectsOf(body?.['details']).map((detail) => textOf(detail['property']));
  const recipientIsWrong =
    /property, 'to'/i.test(text) ||
    /Failed to send messages/i.test(text) ||
    (properties.length > 0 && properties.every((property) => /^to\b/.test(property)));
  if (recipientIsWrong)
    return { class: 'fail_recipient', code: 'unknown_recipient', about: members > 1 ? 'member' : 'recipient' };
  if (personal && properties.some((property) => property.startsWith('messages')))
    return { class: 'fail_recipient', code: 'content', about: 'recipient' };
  return { class: 'fail_broadcast', code: properties.find(isPath) ?? 'http_400', about: 'broadcast' };
}

/** `messages[0].text`: names and numbers of places only, so that no address can stand in a code. */
function isPath(property: string): boolean {
  return /^[a-z]\w*(?:\[\d{1,4}\]|\.[a-z]\w*)*$/i.test(property) && !/[UCR][0-9a-f]{32}|\d{6}/.test(property);
}

function answer(facts: Verdict): ProviderAnswer {
  const code = storable(facts.code);
  return { requestId: null, messageId: null, waitMs: null, unclear: false, optedOut: false, ...facts, code };
}
