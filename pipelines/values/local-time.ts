// The parts of a written date and time, and the checks and arithmetic that every date form shares. Knows no file and no
// format.
import { zoneClock } from './time-zone.ts';

/** A date and time as written, before any zone. `fraction` holds the digits after the second. */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fraction: string;
  /** Minutes east of UTC, when the text states it. */
  offsetMinutes: number | null;
}

/** An instant's parts in UTC, to the second. */
export function utcParts(at: Date, fraction: string, offsetMinutes: number | null): LocalTime {
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    fraction,
    offsetMinutes,
  };
}

// Years outside are slips of the keyboard, not customers. Narrower would refuse birthdays; wider lets 0204 and 20240
// through.
const FIRST_YEAR = 1900;
const LAST_YEAR = 2199;

/**
 * Hours of the day that a Chinese word for a part of it can name. Two hours twelve apart never share a word, so an hour of a 12-hour
 * clock names one of them or none: `晚上 12` is midnight, the one that begins the written day, and `中午 1` is 13.
 */
const PARTS_OF_DAY: Record<string, readonly [first: number, last: number][]> = {
  凌晨: [[0, 6]],
  半夜: [[0, 6]],
  午夜: [[0, 6]],
  清晨: [[3, 8]],
  早上: [[0, 11]],
  上午: [[0, 11]],
  中午: [[10, 14]],
  下午: [[12, 23]],
  傍晚: [[16, 19]],
  晚上: [
    [0, 3],
    [17, 23],
  ],
};

/** Words before a clock, as a pattern. */
export const DAY_WORDS = Object.keys(PARTS_OF_DAY).join('|');

/**
 * Hour of the day from a 12-hour clock (`下午 2` is 14, `12 AM` is 0) or a 24-hour one (`下午 14`); without a word the hour itself;
 * NaN if it cannot be.
 */
export function hourOfDay(hour: number, word: string | undefined): number {
  if (!word) return hour;
  const parts = PARTS_OF_DAY[word] ?? PARTS_OF_DAY[/^p/i.test(word) ? '下午' : '上午']!;
  const can = (at: number) => parts.some(([first, last]) => at >= first && at <= last);
  const named = hour > 12 ? [hour] : [hour % 12, (hour % 12) + 12];
  return named.find(can) ?? Number.NaN;
}

/** `+08:00`, `+0800`, `+08`, `Z`, `UTC` in minutes east; undefined and empty give null. */
export function parseOffsetMinutes(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  if (/^(?:z|utc|gmt)$/i.test(text)) return 0;
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * (Number(text.slice(1, 3)) * 60 + Number(text.slice(3).replace(':', '') || 0));
}

/** True when such a day and time exist on a calendar and a clock (29 February only in leap years, no hour 24). */
export function isRealTime(time: LocalTime): boolean {
  if (!(time.year >= FIRST_YEAR && time.year <= LAST_YEAR && time.month >= 1 && time.month <= 12 && time.day >= 1))
    return false;
  if (!(time.hour >= 0 && time.hour < 24 && time.minute < 60 && time.second < 60)) return false;
  if (time.offsetMinutes !== null && Math.abs(time.offsetMinutes) > 14 * 60) return false;
  return time.day <= 28 || time.day <= new Date(Date.UTC(time.year, time.month, 0)).getUTCDate();
}

/** The calendar day as written, `yyyy-mm-dd`, whatever the zone. */
export function dayOf(time: LocalTime): string {
  return `${time.year}-${String(time.month).padStart(2, '0')}-${String(time.day).padStart(2, '0')}`;
}

/**
 * ISO 8601 with Z, milliseconds, microseconds where the text had them. Without an offset the time is local to
 * `timeZone` (IANA).
 */
export function instantOf(time: LocalTime, timeZone: string): string {
  const localMs = Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second);
  const epochMs =
    time.offsetMinutes === null ? zoneClock(timeZone).toEpochMs(localMs) : localMs - time.offsetMinutes * 60_000;
  const iso = new Date(epochMs).toISOString();
  return time.fraction === '' ? iso : `${iso.slice(0, 20)}${time.fraction.slice(0, 6).padEnd(3, '0')}Z`;
}
