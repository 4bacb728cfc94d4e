// What the Graph API's answers to a WhatsApp send mean: by its error code, never by the HTTP status. Pure.
import type { OutcomeClass, ProviderAnswer } from '../../../pipelines/contracts/provider.ts';
import { firstHeader, type Exchange } from '../exchange.ts';

interface GraphError {
  code?: number;
  error_subcode?: number;
  fbtrace_id?: string;
  error_data?: { details?: string };
}

type Rule = [OutcomeClass, ProviderAnswer['about'], waitMs?: number];

const DAY_MS = 86_400_000;

/** Codes by what they mean; ranges are looked at first. The names are in docs/operating.md. */
const RULES: Record<number, Rule> = {
  0: ['pause_channel', 'channel'],
  102: ['pause_channel', 'channel'],
  190: ['pause_channel', 'channel'],
  3: ['pause_channel', 'channel'],
  10: ['pause_channel', 'channel'],
  131005: ['pause_channel', 'channel'],
  4: ['pause_channel', 'channel', 60_000],
  80007: ['pause_channel', 'channel', 60_000],
  80008: ['pause_channel', 'channel', 60_000],
  130429: ['retry_backoff', 'rate'],
  131056: ['retry_after', 'recipient'],
  131048: ['pause_channel', 'channel'],
  131064: ['pause_channel', 'channel'],
  368: ['pause_channel', 'channel'],
  131031: ['pause_channel', 'channel'],
  130497: ['fail_recipient', 'recipient'],
  1: ['retry_backoff', 'recipient'],
  2: ['retry_backoff', 'recipient'],
  131016: ['retry_backoff', 'recipient'],
  133004: ['retry_backoff', 'recipient'],
  131000: ['retry_backoff', 'recipient'],
  135000: ['fail_broadcast', 'broadcast'],
  131057: ['pause_channel', 'channel', 60_000],
  33: ['pause_channel', 'channel'],
  131045: ['pause_channel', 'channel'],
  133010: ['pause_channel', 'channel'],
  131037: ['pause_channel', 'channel'],
  131042: ['pause_channel', 'channel'],
  134011: ['pause_channel', 'channel'],
  100: ['fail_broadcast', 'broadcast'],
  131008: ['fail_broadcast', 'broadcast'],
  131009: ['fail_broadcast', 'broadcast'],
  131051: ['fail_broadcast', 'broadcast'],
  131055: ['fail_broadcast', 'broadcast'],
  131021: ['fail_recipient', 'recipient'],
  131026: ['fail_recipient', 'recipient'],
  131030: ['fail_recipient', 'recipient'],
  131047: ['fail_recipient', 'recipient'],
  131049: ['fail_recipient', 'recipient'],
  131050: ['fail_recipient', 'recipient'],
  130403: ['fail_recipient', 'recipient'],
  130472: ['fail_recipient', 'recipient'],
  131052: ['fail_recipient', 'recipient'],
  131053: ['fail_broadcast', 'broadcast'],
  131062: ['fail_recipient', 'recipient'],
  131063: ['fail_broadcast', 'broadcast'],
  132000: ['fail_broadcast', 'broadcast'],
  132001: ['fail_broadcast', 'broadcast'],
  132005: ['fail_broadcast', 'broadcast'],
  132007: ['fail_broadcast', 'broadcast'],
  132008: ['fail_broadcast', 'broadcast'],
  132012: ['fail_broadcast', 'broadcast'],
  132015: ['fail_broadcast', 'broadcast'],
  132016: ['fail_broadcast', 'broadcast'],
  132018: ['fail_broadcast', 'broadcast'],
  132068: ['fail_broadcast', 'broadcast'],
  132069: ['retry_after', 'recipient', 3_600_000],
  134100: ['fail_broadcast', 'broadcast'],
  134101: ['pause_channel', 'channel', 600_000],
  134102: ['fail_broadcast', 'broadcast'],
  137000: ['fail_recipient', 'recipient'],
};

/** Codes that one row's value can cause; with a personal message they say nothing about the others. */
const VALUE_CODES = new Set([100, 131008, 131009, 132000, 132005, 132008, 132012, 132018]);

/** A wait that a header asks for is believed up to a day. */
const LONGEST_WAIT_MS = DAY_MS;

export function readWhatsAppAnswer(exchange: Exchange, personal: boolean): ProviderAnswer {
  if (exchange.kind === 'not_sent') return plain('retry_backoff', exchange.code, 'channel');
  if (exchange.kind === 'unknown') return plain('ambiguous', exchange.code, 'channel');
  const body = parsed(exchange.body);
  if (body?.error?.code !== undefined) return refused(body.error, exchange, personal);
  if (exchange.status >= 200 && exchange.status < 300) {
    const messageId = body?.messages?.[0]?.id ?? null;
    return { ...plain('accepted', messageId === null ? 'malformed_200' : '', 'recipient'), messageId };
  }
  // Whatever stands between us and the Graph API answered: whether the message got through is not known.
  return plain('ambiguous', `http_${exchange.status}`, 'channel');
}

function refused(
  error: GraphError,
  exchange: Extract<Exchange, { kind: 'answer' }>,
  personal: boolean,
): ProviderAnswer {
  const code = error.code!;
  const [outcome, about, waitMs] = ruleOf(code, personal);
  const asked = Number(firstHeader(exchange.headers, 'retry-after'));
  return {
    class: outcome,
    code: String(code),
    about,
    requestId: error.fbtrace_id ?? null,
    messageId: null,
    unclear: false,
    optedOut: false,
    waitMs: asked > 0 ? Math.min(LONGEST_WAIT_MS, asked * 1000) : (waitMs ?? null),
  };
}

function ruleOf(code: number, personal: boolean): Rule {
  if (code >= 200 && code <= 299) return ['pause_channel', 'channel'];
  if (personal && VALUE_CODES.has(code)) return ['fail_recipient', 'recipient'];
  // A code nobody has documented is an answer all the same: this one was refused, the others are tried.
  return RULES[code] ?? ['fail_recipient', 'recipient'];
}

function plain(outcome: OutcomeClass, code: string, about: ProviderAnswer['about']): ProviderAnswer {
  return {
    class: outcome,
    code,
    about,
    requestId: null,
    messageId: null,
    waitMs: null,
    unclear: false,
    optedOut: false,
  };
}

function parsed(body: string): { error?: GraphError; messages?: { id?: string }[] } | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : null;
  } catch {
    return null;
  }
}
