// The time of a tag event: everything that dates.ts reads, and epoch numbers of any unit. Each cell by itself, so that one
// column may hold several forms.
import { cleanIdentifier } from '../values/cell-text.ts';
import { compileDateFormat } from '../values/date-format.ts';
import { normaliseDate } from '../values/dates.ts';
import type { TagReason } from './tag-reasons.ts';

export interface TimeRules {
  /** IANA zone of times without an offset. */
  timeZone: string;
  format: string | null;
  /** ISO instant; what is later is invalid. */
  latest: string;
}

export type TimeResult = { ok: true; iso: string } | { ok: false; reason: TagReason };

const NUMBER = /^(-?)(\d{1,19})(?:\.(\d{0,9}))?$/;
/** yyyymmddhhmm: as milliseconds it would be a time of 1976 that nobody meant. */
const MINUTE_STAMP = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d$/;

/**
 * How many of a number's digits come after the second, by how many it has: 9 or 10 are seconds (1973 to 2286), 11 to 13
 * milliseconds, 15 and 16 microseconds, 18 and 19 nanoseconds. 8 and 14 are a date written together (yyyymmdd[hhmmss]); fewer
 * digits, and 17, are no time. Null: not a number of these.
 */
function epochScale(digits: string): number | null {
  const count = digits.length;
  if (count === 9 || count === 10) return 0;
  if (count >= 11 && count <= 13) return 3;
  if (count === 15 || count === 16) return 6;
  return count === 18 || count === 19 ? 9 : null;
}

function epochTime(digits: string, decimals: string): string | null {
  const scale = epochScale(digits);
  if (scale === null) return null;
  const seconds = Number(scale === 0 ? digits : digits.slice(0, -scale));
  const fraction = `${scale === 0 ? '' : digits.slice(-scale)}${decimals}`.slice(0, 6);
  const iso = new Date(seconds * 1000).toISOString();
  return `${iso.slice(0, 20)}${fraction.padEnd(3, '0')}Z`;
}

/** One cell to an instant, microseconds kept. The same cell and rules always give the same instant. */
export function readTime(raw: string, rules: TimeRules): TimeResult {
  const first = raw.charCodeAt(0);
  // Cheap for the usual: a plain digit string, or a date that begins with a digit.
  const text = first >= 48 && first <= 57 ? raw.trim() : cleanIdentifier(raw);
  const number = NUMBER.exec(text);
  // A declared format may itself be all digits: then it says what they mean.
  if (number && !(rules.format !== null && compileDateFormat(rules.format)(text))) {
    if (MINUTE_STAMP.test(text)) return { ok: false, reason: 'time_format_undeclared' };
    if (number[1] === '-') return { ok: false, reason: 'time_too_early' };
    const iso = epochTime(number[2]!, number[3] ?? '');
    if (iso !== null) return within(iso, rules);
  }
  const result = normaliseDate(text, { timeZone: rules.timeZone, format: rules.format });
  if (result.ok) return within(result.iso, rules);
  if (result.reason === 'date_format_undeclared') return { ok: false, reason: 'time_format_undeclared' };
  return { ok: false, reason: result.reason === 'date_missing' ? 'time_missing' : 'time_invalid' };
}

function within(iso: string, { latest }: TimeRules): TimeResult {
  // ISO texts of four-digit years compare as the instants do, to the second.
  if (iso < '1970') return { ok: false, reason: 'time_too_early' };
  if (iso.slice(0, 19) > latest.slice(0, 19)) return { ok: false, reason: 'time_in_future' };
  return { ok: true, iso };
}
