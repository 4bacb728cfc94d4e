// WhatsApp's error codes: what each one means for the recipient and for the channel, and whom a parameter fault is about.
import type { OutcomeClass, ProviderAnswer } from '../../../ports/provider.ts';

export type Rule = [OutcomeClass, ProviderAnswer['about'], waitMs?: number];

/** Codes by what they mean; ranges are looked at first. docs/broadcasts.md has them in words. */
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
const VALUE_CODES: ReadonlySet<number> = new Set([100, 131008, 131009, 132000, 132005, 132008, 132012, 132018]);

/** Faults of a parameter, which may be the recipient's address: then they are about it alone, whatever the message. */
const PARAMETER_CODES: ReadonlySet<number> = new Set([100, 131008, 131009]);

/** Meta says "try again" and not that nothing was taken: to these a second try may be a second message. */
export const UNCLEAR_CODES: ReadonlySet<number> = new Set([1, 2, 131000, 131016, 133004]);

/** The person has stopped marketing messages from this business. */
export const OPTED_OUT = 131050;

/** `texts`: what the error says in words; of those, details go before the message. */
export function ruleOf(code: number, personal: boolean, texts: readonly string[]): Rule {
  if (code >= 200 && code <= 299) return ['pause_channel', 'channel'];
  if (personal && VALUE_CODES.has(code)) return ['fail_recipient', 'recipient'];
  if (PARAMETER_CODES.has(code) && texts.some(namesRecipient)) return ['fail_recipient', 'recipient'];
  // A code nobody has documented is an answer all the same: this one was refused, the others are tried.
  return RULES[code] ?? ['fail_recipient', 'recipient'];
}

/** The sender's own number, in the ways it is named. */
const OF_SENDER =
  /phone[ _-]?number[ _-]ids?\b|\b(?:business(?: account)?|senders?'?s?|sending|display|your|from)[ _-](?:whatsapp )?(?:business )?phone[ _-]?numbers?\b/gi;
/** Parts of a message: a fault in one of them is everybody's, also when it is about a number. */
const OF_MESSAGE = /\b(?:templates?|components?|buttons?|headers?|footers?|parameter type|contacts?\[)/i;
/** The word "to" counts only where it is plainly the parameter's name. */
const OF_RECIPIENT = [
  /\brecipients?\b(?! type)/i,
  /\bphone[ _-]?numbers?\b/i,
  /\b(?:user[ _-]?id|wa_id|whatsapp (?:user|number|id)|business-scoped)\b/i,
  /['"`]to['"`]/i,
  /\b(?:param|parameter|field|property) to(?: (?:is|must|was|has|cannot|should|or)\b|[.:,]|$)/i,
  /^to (?:is|must|was|has|cannot|should)\b/i,
];

/** Whether an explanation is about the recipient's address, and not about the sender's number or a part of the message. */
function namesRecipient(text: string): boolean {
  if (OF_MESSAGE.test(text)) return false;
  const rest = text.replace(/^\(#\d+\) */, '').replace(OF_SENDER, '');
  return OF_RECIPIENT.some((pattern) => pattern.test(rest));
}
