// Phone numbers to E.164 under a stated default country. Never guesses lost digits and never lets the default country
// override an explicit `+`. Whether a number may be messaged is said here, but only WhatsApp asks.
import { getCountries, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
import { cleanIdentifier, isScientificNotation } from './cell-text.ts';
import { readPlainPhone } from './phone-plain-form.ts';

/**
 * Longest cell that is looked at, in UTF-16 units. Lower rejects lists of numbers; higher lets one cell cost
 * milliseconds.
 */
export const MAX_PHONE_CELL = 200;

/** Between numbers of one cell; `:::` is what Google's export puts there. */
const SEPARATORS = /[、,;/\n]|\s或\s|:::/;
const EXTENSION = /\s*(?:分機|分机|轉|转)\s*(\d{1,7})$/;
/** The country code in brackets with its plus inside, as Hong Kong and Taiwan write it. */
const BRACKETED_CODE = /^\(\s*\+\s?(\d{1,4})\s*\)/;
/** What people note behind a number: words without digits, in brackets or behind a blank. */
const REMARK = /\s?(?:\([^()\d]*\)|\[[^[\]\d]*\]|\s\p{Script=Han}+)$/u;
/** A mobile number of mainland China without its country code: with a plus before it, it would be a stranger's in North America. */
const MAINLAND_MOBILE = /^1[3-9]\d{9}$/;
const PUNCTUATED = /^[\d\s().-]+$/;
const COUNTRIES: ReadonlySet<string> = new Set(getCountries());

export interface PhoneOptions {
  /** ISO 3166-1 alpha-2, stated for the whole import: the same eight digits are valid in Hong Kong and Singapore. */
  defaultCountry: string;
  /** The number is an address on WhatsApp: an Argentine mobile number counts with and without its 9. */
  whatsapp?: boolean;
}

export interface Phone {
  e164: string;
  /** The cell as given, without white space around it. */
  raw: string;
  /** libphonenumber's type name (`MOBILE`, `FIXED_LINE`, …), or `UNKNOWN`. */
  type: string;
  /** MOBILE or FIXED_LINE_OR_MOBILE: what WhatsApp and SMS need. */
  messageable: boolean;
  /** Further valid numbers of the same cell, E.164. */
  others: string[];
}

export type PhoneReason =
  'phone_missing' | 'phone_scientific_notation' | 'phone_too_long' | 'phone_country_unclear' | 'phone_invalid';
export type PhoneResult = { ok: true; phone: Phone } | { ok: false; reason: PhoneReason };

/** True for a country code the phone library knows (`TW`, `HK`, …), upper case only. */
export function isPhoneCountry(country: string): boolean {
  return COUNTRIES.has(country);
}

function isMessageable(type: string): boolean {
  return type === 'MOBILE' || type === 'FIXED_LINE_OR_MOBILE';
}

// Written out: a spread here made the whole function fourteen times slower (2.8 µs against 0.2 µs a plain number).
function phoneOf(e164: string, type: string, raw: string, others: string[]): Phone {
  return { e164, raw, type, messageable: isMessageable(type), others };
}

/**
 * One number by the library, in two passes: under the default country, then as an international number without its `+`.
 */
function readByLibrary(text: string, defaultCountry: CountryCode): { e164: string; type: string } | null {
  const international = text.startsWith('00') ? `+${text.slice(2)}` : text;
  let parsed = parsePhoneNumberFromString(international, { defaultCountry, extract: false });
  if (!parsed?.isValid() && PUNCTUATED.test(international)) {
    const digits = international.replace(/\D/g, '');
    if (digits.length < 10 || digits.length > 15 || MAINLAND_MOBILE.test(digits)) return null;
    parsed = parsePhoneNumberFromString(`+${digits}`, { extract: false });
  }
  if (!parsed?.isValid()) {
    const number = asDialled(international.replace(/[\s().-]/g, '').replace(/^\+/, ''));
    if (number === null) return null;
    parsed = parsePhoneNumberFromString(`+${number}`, { extract: false });
  }
  if (!parsed?.isValid()) return null;
  return { e164: parsed.number, type: parsed.getType() ?? 'UNKNOWN' };
}

/** WhatsApp's own spelling of Mexican (52 1 …) and older Brazilian (without the ninth digit) numbers, as it is dialled. */
function asDialled(digits: string): string | null {
  const mexican = /^521(\d{10})$/.exec(digits);
  if (mexican) return `52${mexican[1]}`;
  const brazilian = /^55(\d{2})([6-9]\d{7})$/.exec(digits);
  return brazilian ? `55${brazilian[1]}9${brazilian[2]}` : null;
}

/** An Argentine mobile number without the 9 of mobile numbers, with it: WhatsApp's account has it. Others: as they are. */
function withNine<T extends { e164: string; type: string }>(phone: T): T {
  const found = phone.type === 'FIXED_LINE' ? /^\+54(\d{10})$/.exec(phone.e164) : null;
  const mobile = found && parsePhoneNumberFromString(`+549${found[1]}`, { extract: false });
  return mobile?.isValid() && mobile.getType() === 'MOBILE' ? { ...phone, e164: mobile.number, type: 'MOBILE' } : phone;
}

/**
 * An address in each form in which it may be stored, itself first: of an Argentine mobile that of WhatsApp's account beside what the shop
 * wrote. For whoever must find it in any of them, such as a suppression.
 */
export function formsOf(address: string): string[] {
  const written = /^\+549(\d{10})$/.exec(address);
  if (written) return [address, `+54${written[1]}`];
  const account = withNine({ e164: address, type: 'FIXED_LINE' }).e164;
  return account === address ? [address] : [address, account];
}

/** A number without what people put around it. */
const tidy = (text: string): string =>
  text.replace(/\.0+$/, '').replace(REMARK, '').replace(BRACKETED_CODE, '+$1 ').replace(EXTENSION, ' #$1');

function readOne(text: string, defaultCountry: string): { e164: string; type: string } | null {
  const plain = readPlainPhone(text, defaultCountry);
  if (plain) return plain;
  const cleaned = tidy(cleanIdentifier(text));
  return cleaned === '' ? null : readByLibrary(cleaned, defaultCountry as CountryCode);
}

/** Several numbers in one cell: the first that can be messaged counts, else the first valid one; the rest is told. */
function readList(text: string, defaultCountry: string): { e164: string; type: string; others: string[] } | null {
  const found = text.split(SEPARATORS).flatMap((part) => readOne(part, defaultCountry) ?? []);
  const chosen = found.find((phone) => isMessageable(phone.type)) ?? found[0];
  if (!chosen) return null;
  const others = new Set(found.map((phone) => phone.e164));
  others.delete(chosen.e164);
  return { ...chosen, others: [...others] };
}

/**
 * One phone cell. Pipeline: clean (NFKC, invisible characters, leading apostrophe) → refuse scientific notation → strip
 * `.0` → split lists → `00` to `+` → library under the default country → the same digits with `+` → must be valid.
 * Equal input gives equal output. `libraryOnly` leaves the fast path out; it is there for the test that compares both.
 * Throws nothing; `defaultCountry` must have passed `isPhoneCountry`.
 */
export function normalisePhone(raw: string, options: PhoneOptions & { libraryOnly?: boolean }): PhoneResult {
  const country = options.defaultCountry;
  if (options.libraryOnly !== true) {
    const plain = readPlainPhone(raw, country);
    if (plain) {
      return { ok: true, phone: phoneOf(plain.e164, plain.type, raw, []) };
    }
  }
  if (raw.length > MAX_PHONE_CELL) return { ok: false, reason: 'phone_too_long' };
  const text = cleanIdentifier(raw.replace(/[\r\n]+/g, ';')).replace(/\.0+$/, '');
  if (text === '') return { ok: false, reason: 'phone_missing' };
  if (isScientificNotation(text)) return { ok: false, reason: 'phone_scientific_notation' };
  const found = SEPARATORS.test(text)
    ? readList(text, country)
    : options.libraryOnly === true
      ? readByLibrary(tidy(text), country as CountryCode)
      : readOne(text, country);
  if (!found) {
    const unclear = MAINLAND_MOBILE.test(text.replace(/[\s().-]/g, ''));
    return { ok: false, reason: unclear ? 'phone_country_unclear' : 'phone_invalid' };
  }
  const others = 'others' in found ? (found.others as string[]) : [];
  const { e164, type } = options.whatsapp === true ? withNine(found) : found;
  return { ok: true, phone: phoneOf(e164, type, raw.trim(), others) };
}
