// The fast path of phone.ts: mobile and Hong Kong numbers in their plainest spelling, typed by the library's own
// patterns. Answers only what the library would answer (a property test compares them); anything else is left to
// phone.ts.
import { Metadata, type CountryCode } from 'libphonenumber-js/max';

/** What the library's numbering plan offers at run time; its type declarations leave these out. */
interface NumberingPlanPatterns {
  nationalNumberPattern(): string;
  type(name: string): { pattern(): string; possibleLengths(): number[] | undefined } | undefined;
}

// The order in which the library tries types; the first that fits is the answer.
const TYPES = 'MOBILE PREMIUM_RATE TOLL_FREE SHARED_COST VOIP PERSONAL_NUMBER PAGER UAN VOICEMAIL'.split(' ');

type Classify = (national: string) => string | null;

/**
 * The type of a national number of that country, or null when it is not valid there. Same rule as the library's
 * getNumberType.
 */
function classifierFor(country: CountryCode): Classify {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  const plan = metadata.numberingPlan as unknown as NumberingPlanPatterns;
  const valid = new RegExp(`^(?:${plan.nationalNumberPattern()})$`);
  const fits = (name: string): Classify | null => {
    const type = plan.type(name);
    if (!type?.pattern()) return null;
    const pattern = new RegExp(`^(?:${type.pattern()})$`);
    const lengths = type.possibleLengths();
    return (national) => ((!lengths || lengths.includes(national.length)) && pattern.test(national) ? name : null);
  };
  const fixed = fits('FIXED_LINE');
  const mobile = fits('MOBILE');
  const others = TYPES.map(fits).filter((test) => test !== null);
  return (national) => {
    if (!valid.test(national)) return null;
    if (fixed?.(national)) return !mobile || mobile(national) ? 'FIXED_LINE_OR_MOBILE' : 'FIXED_LINE';
    for (const test of others) {
      const name = test(national);
      if (name) return name;
    }
    return null;
  };
}

// Separators only where people put them; other places are left to the library, which takes most but not all of them.
const PLAIN_TW = /^(?:0|\+886[ -]?)?(9\d\d)[ -]?(\d{3})[ -]?(\d{3})$/;
const PLAIN_HK = /^(?:\+852[ -]?)?(\d{4})[ -]?(\d{4})$/;
const classifyTaiwan = classifierFor('TW');
const classifyHongKong = classifierFor('HK');

export interface PlainPhone {
  e164: string;
  type: string;
}

/**
 * Reads `0912345678`, `0912-345-678`, `912345678`, `+886912345678` (default country TW), `91234567`, `9123 4567`,
 * `+85291234567` (HK). Null means "not one of these, or not valid": ask the library. About 0.2 µs a number against 9 µs
 * for the library.
 */
export function readPlainPhone(text: string, defaultCountry: string): PlainPhone | null {
  if (defaultCountry === 'TW') {
    const found = PLAIN_TW.exec(text);
    if (!found) return null;
    const national = `${found[1]}${found[2]}${found[3]}`;
    const type = classifyTaiwan(national);
    return type ? { e164: `+886${national}`, type } : null;
  }
  if (defaultCountry === 'HK') {
    const found = PLAIN_HK.exec(text);
    if (!found) return null;
    const national = `${found[1]}${found[2]}`;
    const type = classifyHongKong(national);
    return type ? { e164: `+852${national}`, type } : null;
  }
  return null;
}
