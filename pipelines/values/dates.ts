// One date or time cell to an instant and a calendar day. Forms that show themselves are read; day-first and
// month-first only by a declared format. Never guesses from the row.
import { cleanIdentifier } from './cell-text.ts';
import { compileDateFormat } from './date-format.ts';
import { serialTime, yearFirstSpelling } from './written-dates.ts';
import {
  DAY_WORDS,
  dayOf,
  hourOfDay,
  instantOf,
  isRealTime,
  parseOffsetMinutes,
  utcParts,
  type LocalTime,
} from './local-time.ts';

export interface DateOptions {
  /** IANA zone in which times without an offset are read. Must have passed `canonicalTimeZone`. */
  timeZone: string;
  /** A declared format (tokens: see date-format.ts), or null where values show their form. */
  format: string | null;
}

export type DateResult =
  /** `iso`: the instant, UTC. `day`: the calendar day as written. `timed`: the cell had a time of day. */
  | { ok: true; iso: string; day: string; timed: boolean }
  | { ok: false; reason: 'date_missing' | 'date_invalid' | 'date_format_undeclared' };

const TIME = `(?:(${DAY_WORDS}|[AaPp][Mm])\\s*)?(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?(?:\\s*([AaPp][Mm]))?\\s*(Z|z|UTC|GMT|[+-]\\d{2}(?::?\\d{2})?)?`;
const PLAIN = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?)?$/;
const YEAR_FIRST = new RegExp(`^(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})(?:(?:\\s*[Tt]\\s*|\\s+)${TIME})?$`);
const CHINESE = new RegExp(`^(\\d{4})\\s*年()\\s*(\\d{1,2})\\s*月\\s*(\\d{1,2})\\s*日?(?:\\s*(?:${TIME}))?$`);
const CHINESE_CLOCK = /(\d{1,2})\s*[時时點点]\s*(\d{1,2})\s*分(?:\s*(\d{1,2})\s*秒)?/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2}))?$/;
const EPOCH_SECONDS = /^(\d{10})(?:\.(\d{1,6}))?$/;
const EPOCH_MILLISECONDS = /^\d{13}$/;
const SHORT_FORM = /^\d{1,3}[/.-]\d{1,2}[/.-]\d{1,4}(?:\s|$)/;

/** Longest date cell that is looked at. Lower refuses long spellings; higher lets a cell of blanks cost their square. */
const MAX_DATE_CELL = 100;

function finish(time: LocalTime | null, timed: boolean, timeZone: string): DateResult {
  if (!time || !isRealTime(time)) return { ok: false, reason: 'date_invalid' };
  return { ok: true, iso: instantOf(time, timeZone), day: dayOf(time), timed };
}

function plainTime(found: RegExpExecArray): LocalTime {
  return {
    year: Number(found[1]),
    month: Number(found[2]),
    day: Number(found[3]),
    hour: Number(found[4] ?? 0),
    minute: Number(found[5] ?? 0),
    second: Number(found[6] ?? 0),
    fraction: found[7] ?? '',
    offsetMinutes: parseOffsetMinutes(found[8]),
  };
}

/** Year first in any of its spellings: `2024/3/5 下午 2:30`, `2024年3月5日 14時30分`, `20240305`. */
function yearFirst(text: string): { time: LocalTime; timed: boolean } | null {
  const compact = COMPACT.exec(text);
  if (compact) return { time: plainTime(compact), timed: compact[4] !== undefined };
  const clocked = CHINESE_CLOCK.exec(text);
  const seconds = clocked?.[3];
  const colons = clocked
    ? text.replace(
        CHINESE_CLOCK,
        `${clocked[1]}:${String(clocked[2]).padStart(2, '0')}${seconds === undefined ? '' : `:${seconds.padStart(2, '0')}`}`,
      )
    : text;
  const found = YEAR_FIRST.exec(colons) ?? CHINESE.exec(colons);
  if (!found) return null;
  const [, year, , month, day, before, hour, minute, second, fraction, after, offset] = found;
  const time = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: hourOfDay(Number(hour ?? 0), before ?? after),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction: fraction ?? '',
    offsetMinutes: parseOffsetMinutes(offset),
  };
  return { time, timed: hour !== undefined };
}

/** Seconds or milliseconds since 1970, told apart by their number of digits (10, 13): 2001 to 2286. */
function epochTime(text: string): LocalTime | null {
  const seconds = EPOCH_SECONDS.exec(text);
  if (!seconds && !EPOCH_MILLISECONDS.test(text)) return null;
  const at = new Date(seconds ? Number(seconds[1]) * 1000 : Number(text));
  return utcParts(at, seconds ? (seconds[2] ?? '') : text.slice(10), 0);
}

/**
 * One cell to an instant. Without a declared format: ISO 8601, year first with `-` `/` `.`, `yyyymmdd[hhmmss]`, Chinese
 * dates, names of months, ROC years, a spreadsheet's serial day, epoch seconds or milliseconds; `05/06/2024` is `date_format_undeclared`. With one: that format, else ISO 8601
 * and (unless the format itself begins with a year) the other year-first forms. The same cell always gives the same
 * instant. Throws `date_format_invalid` for a bad format only.
 */
export function normaliseDate(raw: string, options: DateOptions): DateResult {
  const { timeZone, format } = options;
  if (format === null) {
    const plain = PLAIN.exec(raw);
    if (plain) return finish(plainTime(plain), plain[4] !== undefined, timeZone);
  }
  const text = cleanIdentifier(raw);
  if (text === '') return { ok: false, reason: 'date_missing' };
  if (text.length > MAX_DATE_CELL) return { ok: false, reason: 'date_invalid' };
  if (format !== null) {
    const time = compileDateFormat(format)(text);
    if (time) return finish(time, /[Hh]/.test(format) && text.includes(':'), timeZone);
    if (/^(?:y|r)/.test(format)) {
      const plain = PLAIN.exec(text);
      return finish(plain?.[8] !== undefined ? plainTime(plain) : null, true, timeZone);
    }
  }
  const written = yearFirst(text) ?? yearFirst(yearFirstSpelling(text)) ?? (format === null ? serialTime(text) : null);
  if (written) return finish(written.time, written.timed, timeZone);
  const epoch = epochTime(text);
  if (epoch) return finish(epoch, true, timeZone);
  return { ok: false, reason: SHORT_FORM.test(text) && format === null ? 'date_format_undeclared' : 'date_invalid' };
}
