// What the Graph API's answers to a WhatsApp send mean: by its error code, never by the HTTP status. Pure.
import type { OutcomeClass, ProviderAnswer } from '../../../ports/provider.ts';
import { idOf, objectIn, objectOf, objectsOf, textOf } from '../answer-values.ts';
import { firstHeader, type Exchange } from '../exchange.ts';
import type { JsonObject } from '../message-check.ts';
import { OPTED_OUT, ruleOf, UNCLEAR_CODES } from './error-codes.ts';

/** A wait that a header asks for is believed up to a day. */
const LONGEST_WAIT_MS = 86_400_000;

/** Never throws. */
export function readWhatsAppAnswer(exchange: Exchange, personal: boolean): ProviderAnswer {
  if (exchange.kind === 'not_sent') return plain('retry_backoff', exchange.code, 'channel');
  if (exchange.kind === 'unknown') return plain('ambiguous', exchange.code, 'channel');
  const body = objectIn(exchange.body);
  const error = objectOf(body?.['error']);
  const code = graphCode(error['code']);
  if (code !== null) return refused(code, error, exchange.headers, personal);
  if (exchange.status >= 200 && exchange.status < 300) {
    const messageId = idOf(objectsOf(body?.['messages'])[0]?.['id']);
    const whatsappId = otherAccount(objectsOf(body?.['contacts'])[0] ?? {});
    return {
      ...plain('accepted', messageId === null ? 'malformed_200' : '', 'recipient'),
      messageId,
      ...(whatsappId === null ? {} : { whatsappId }),
    };
  }
  // Whatever stands between us and the Graph API answered: whether the message got through is not known.
  return plain('ambiguous', `http_${exchange.status}`, 'channel');
}

/** The account that a number belongs to, where WhatsApp spells it in another way; null: it does not, or it was sent to an id. */
function otherAccount({ input, wa_id: account }: JsonObject): string | null {
  const sentTo = String(idOf(input)).replace(/[\s().+-]/g, '');
  const digits = String(idOf(account));
  return /^\d+$/.test(sentTo) && /^\d{5,20}$/.test(digits) && digits !== sentTo ? digits : null;
}

/** Codes have up to seven digits, and may come as text. What has more is none: it could be an address. */
function graphCode(value: unknown): number | null {
  return /^-?\d{1,7}$/.test(String(idOf(value))) ? Number(value) : null;
}

function refused(
  code: number,
  error: JsonObject,
  headers: Extract<Exchange, { kind: 'answer' }>['headers'],
  personal: boolean,
): ProviderAnswer {
  const texts = [textOf(objectOf(error['error_data'])['details']), textOf(error['message'])];
  const [outcome, about, waitMs] = ruleOf(code, personal, texts);
  return {
    ...plain(outcome, String(code), about),
    requestId: idOf(error['fbtrace_id']),
    waitMs: askedToWait(headers) ?? waitMs ?? null,
    unclear: UNCLEAR_CODES.has(code),
    optedOut: code === OPTED_OUT,
  };
}

function askedToWait(headers: Parameters<typeof firstHeader>[0]): number | null {
  const seconds = Number(firstHeader(headers, 'retry-after'));
  return seconds > 0 ? Math.ceil(Math.min(LONGEST_WAIT_MS, seconds * 1000)) : null;
}

function plain(outcome: OutcomeClass, code: string, about: ProviderAnswer['about']): ProviderAnswer {
  const nothing = { requestId: null, messageId: null, waitMs: null, unclear: false, optedOut: false };
  return { class: outcome, code, about, ...nothing };
}
