// Spellings of dates that show their order by themselves, brought to year first: names of months, weekdays, the years of the
// Republic, offsets with a zone's name behind them, what JavaScript and Go print, and the serial days of a spreadsheet.
import { utcParts, type LocalTime } from './local-time.ts';

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const MONTH =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const WEEKDAY = '(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\\.?,?\\s+';
const TAIL = '(?:,?\\s+(?:at\\s+)?(.*))?';

/** `05-Mar-2024`, `5 March 24`, `Tue, 5 Mar 2024 14:30:00 +0800`. */
const DAY_FIRST = new RegExp(
  `^(?:${WEEKDAY})?(\\d{1,2})(?:st|nd|rd|th)?[-\\s/]${MONTH}[-\\s/,]\\s?(\\d{4}|\\d{2})${TAIL}$`,
  'i',
);
/** `Mar 5, 2024, 2:30 PM`, `Tue Mar 05 2024 14:30:00 GMT+0800 (…)`. */
const MONTH_FIRST = new RegExp(`^(?:${WEEKDAY})?${MONTH}[-\\s](\\d{1,2})(?:st|nd|rd|th)?,?[-\\s](\\d{4})${TAIL}$`, 'i');
const ROC_YEAR = /^(?:中華)?民國\s*(\d{1,3})\s*年/;
const WEEKDAY_IN_BRACKETS = /\s?\((?:(?:週|周|星期|禮拜)?[一二三四五六日天]|[a-z]{3,9})\)\s?/i;
/** The zone's name behind an offset says nothing more: `+0800 CST`, `GMT+0800 (台北標準時間)`. */
const OFFSET_WITH_NAME = /\s?(?:GMT|UTC)?([+-]\d{2}:?\d{2})(?:\s+[A-Z]{2,5}|\s*\([^)]*\))?$/;

/** A two-digit year, as spreadsheets read it: 70 to 99 are of the last century. */
const fullYear = (text: string): number =>
  text.length === 4 ? Number(text) : Number(text) + (Number(text) < 70 ? 2000 : 1900);

/**
 * The same date and time with its year first and its month a number; the text itself when it is no spelling of these. Pure; twice
 * changes nothing.
 */
export function yearFirstSpelling(text: string): string {
  let spelled = text
    .replace(ROC_YEAR, (_, year: string) => `${Number(year) + 1911}年`)
    .replace(WEEKDAY_IN_BRACKETS, ' ');
  spelled = spelled.trim().replace(OFFSET_WITH_NAME, '$1');
  const dayFirst = DAY_FIRST.exec(spelled);
  if (dayFirst) return ordered(dayFirst[3]!, dayFirst[2]!, dayFirst[1]!, dayFirst[4]);
  const monthFirst = MONTH_FIRST.exec(spelled);
  return monthFirst ? ordered(monthFirst[3]!, monthFirst[1]!, monthFirst[2]!, monthFirst[4]) : spelled;
}

function ordered(year: string, month: string, day: string, rest: string | undefined): string {
  const number = MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1;
  return `${fullYear(year)}-${number}-${day}${rest === undefined || rest === '' ? '' : ` ${rest}`}`;
}

/** Days of a spreadsheet's calendar that are dates here: 1950 to 2099. Wider takes quantities and postcodes for dates. */
const SERIAL = { first: 18_264, end: 73_051 };
/** The serial day of 1 January 1970. */
const SERIAL_1970 = 25_569;

/** A spreadsheet's serial day (`45356.6041666667`) as a local time, to the second; null: it is none. */
export function serialTime(text: string): { time: LocalTime; timed: boolean } | null {
  if (!/^\d{5}(?:\.\d{1,15})?$/.test(text)) return null;
  const serial = Number(text);
  if (serial < SERIAL.first || serial >= SERIAL.end) return null;
  const at = new Date(Math.round((serial - SERIAL_1970) * 86_400) * 1000);
  return { time: utcParts(at, '', null), timed: text.includes('.') };
}
