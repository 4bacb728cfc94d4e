// E-mail addresses: the form that is kept, and the key that is compared. Does not ask whether a mailbox exists.
import { domainToASCII } from 'node:url';
import { cleanIdentifier } from './cell-text.ts';

/** RFC 5321 limits, in octets. Longer addresses cannot be delivered to. */
const MAX_LOCAL = 64;
const MAX_ADDRESS = 254;

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const ASCII_DOMAIN = /^[A-Za-z0-9.-]+$/;

export interface EmailOptions {
  /** Domains that stand for "no address" in this shop's data, in lower case. None unless told. */
  placeholderDomains?: ReadonlySet<string>;
}

export type EmailResult =
  /** `others`: how many further addresses the cell holds; absent where there is none. */
  | { ok: true; email: string; emailKey: string; others?: number }
  | { ok: false; reason: 'email_missing' | 'email_invalid' | 'email_too_long' | 'email_placeholder' };

/**
 * `email`: as given, cleaned, domain in lower-case ASCII (IDNA). `emailKey`: the same with a lower-case local part; two
 * addresses are one when their keys are equal. Dots and `+tags` are kept: only some providers ignore them. Idempotent.
 */
export function normaliseEmail(raw: string, options: EmailOptions = {}): EmailResult {
  if (!raw.includes(':::')) return normaliseOne(raw, options);
  // Google's export puts all addresses of a person into one cell: the first usable one counts.
  const found = raw.split(':::').map((part) => normaliseOne(part, options));
  const first = found.find((result) => result.ok);
  if (first === undefined) return found[0]!;
  const keys = new Set(found.flatMap((result) => (result.ok ? [result.emailKey] : [])));
  return keys.size === 1 ? first : { ...first, others: keys.size - 1 };
}

function normaliseOne(raw: string, options: EmailOptions): EmailResult {
  let text = cleanIdentifier(raw);
  if (text === '') return { ok: false, reason: 'email_missing' };
  if (text.charCodeAt(6) === 58 && text.slice(0, 7).toLowerCase() === 'mailto:') text = text.slice(7).trim();
  const at = text.indexOf('@');
  if (at < 1 || text.indexOf('@', at + 1) !== -1) return { ok: false, reason: 'email_invalid' };
  const local = text.slice(0, at);
  const given = text.slice(at + 1);
  const domain = ASCII_DOMAIN.test(given) ? given.toLowerCase() : domainToASCII(given);
  if (local.length > MAX_LOCAL || at + 1 + domain.length > MAX_ADDRESS) return { ok: false, reason: 'email_too_long' };
  if (!LOCAL.test(local) || !DOMAIN.test(domain)) return { ok: false, reason: 'email_invalid' };
  if (options.placeholderDomains?.has(domain)) return { ok: false, reason: 'email_placeholder' };
  const email = `${local}@${domain}`;
  return { ok: true, email, emailKey: `${local.toLowerCase()}@${domain}` };
}
