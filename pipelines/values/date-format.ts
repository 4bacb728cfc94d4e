// Declared date formats (`dd/MM/yyyy HH:mm`): compiles one to a reader, and finds out which one a column is written in.
// Never decides between day-first and month-first without evidence.
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { LocalTime } from './local-time.ts';
import { DAY_WORDS, hourOfDay, parseOffsetMinutes } from './local-time.ts';

// Longest first, so that `yyyy` is not read as two `yy`.
const TOKENS: [token: string, part: string, pattern: string][] = [
  ['yyyy', 'year', '\\d{4}'],
  ['rrr', 'roc', '\\d{1,3}'],
  ['SSS', 'fraction', '\\d{1,9}'],
  ['XXX', 'offset', 'Z|[+-]\\d{2}(?::?\\d{2})?'],
  ['yy', 'yy', '\\d{2}'],
  ['MM', 'month', '\\d{1,2}'],
  ['dd', 'day', '\\d{1,2}'],
  ['HH', 'hour', '\\d{1,2}'],
  ['hh', 'hour', '\\d{1,2}'],
  ['mm', 'minute', '\\d{2}'],
  ['ss', 'second', '\\d{2}'],
  ['M', 'month', '\\d{1,2}'],
  ['d', 'day', '\\d{1,2}'],
  ['H', 'hour', '\\d{1,2}'],
  ['h', 'hour', '\\d{1,2}'],
  ['a', 'meridiem', `[AaPp]\\.?[Mm]\\.?|${DAY_WORDS}`],
];

/**
 * Reads text of one declared format into its parts, or null when the text has another form. Ranges are checked by the
 * caller.
 */
export type FormatReader = (text: string) => LocalTime | null;

const readers = new Map<string, FormatReader>();

/**
 * The reader of a declared format. Tokens: `yyyy` `yy` (70-99 are 1970-1999) `rrr` (ROC year: 113 is 2024) `MM` `M`
 * `dd` `d` `HH` `H` `hh` `h` (with `a`: AM, PM, 上午, 下午, 晚上 …) `mm` `ss` `SSS` `XXX` (offset or Z). `[…]` is optional, a blank
 * is any white space, other letters are refused. Throws PipelineError `date_format_invalid`. Remembered: the same
 * format compiles once.
 */
export function compileDateFormat(format: string): FormatReader {
  let reader = readers.get(format);
  if (!reader) {
    reader = buildReader(format);
    readers.set(format, reader);
  }
  return reader;
}

function buildReader(format: string): FormatReader {
  const parts = new Set<string>();
  let pattern = '';
  for (let at = 0; at < format.length;) {
    const token = TOKENS.find(([name]) => format.startsWith(name, at));
    if (token) {
      const [name, part, match] = token;
      if (parts.has(part)) throw invalid(format, `“${name}” gives the ${part} a second time`);
      parts.add(part);
      pattern += `(?<${part}>${match})`;
      at += name.length;
      continue;
    }
    const mark = format.charAt(at);
    if (/[A-Za-z]/.test(mark)) throw invalid(format, `“${mark}” is not a token`);
    if (mark === '[') pattern += '(?:';
    else if (mark === ']') pattern += ')?';
    else if (/\s/.test(mark)) pattern += '\\s+';
    else pattern += mark.replace(/[.*+?^${}()|\\/-]/g, '\\$&');
    at += 1;
  }
  const years = ['year', 'yy', 'roc'].filter((part) => parts.has(part)).length;
  if (years !== 1 || !parts.has('month') || !parts.has('day'))
    throw invalid(format, 'it needs one year, one month and one day');
  try {
    return readerOf(new RegExp(`^${pattern}$`));
  } catch (cause) {
    throw invalid(format, 'its brackets do not match', cause);
  }
}

function readerOf(pattern: RegExp): FormatReader {
  return (text) => {
    const found = pattern.exec(text)?.groups;
    if (!found) return null;
    const short = Number(found['yy'] ?? 0);
    const year =
      found['year'] !== undefined
        ? Number(found['year'])
        : found['roc'] !== undefined
          ? Number(found['roc']) + 1911
          : short + (short < 70 ? 2000 : 1900);
    const hour = hourOfDay(Number(found['hour'] ?? 0), found['meridiem']);
    return {
      year,
      month: Number(found['month']),
      day: Number(found['day']),
      hour,
      minute: Number(found['minute'] ?? 0),
      second: Number(found['second'] ?? 0),
      fraction: found['fraction'] ?? '',
      offsetMinutes: parseOffsetMinutes(found['offset']),
    };
  };
}

function invalid(format: string, why: string, cause?: unknown): PipelineError {
  return new PipelineError('date_format_invalid', `The date format “${format}” cannot be used: ${why}.`, {
    hint: 'Write it with yyyy or rrr (ROC year), MM, dd, HH, mm, ss, for example dd/MM/yyyy HH:mm.',
    cause,
  });
}

// Two short numbers, then a year: which of the first two is the day is not to be seen in one value.
const DAY_MONTH = /^(\d{1,2})([/.-])(\d{1,2})\2\d{4}(?:\s+(\d{1,2}:\d{2}(?::\d{2})?)(\s*[AP]M)?)?$/i;
// Short years and three-digit (ROC) years first: no form of ours shows what they mean.
const UNDECLARED = /^\d{1,3}[/.-]\d{1,2}[/.-]\d{1,4}(?:\s|$)/;

/** What other columns of a file prove of the order of its dates. */
export type DayOrder = 'day first' | 'month first';

/** The order of a format that `detectDateFormat` found. */
export const orderOf = (format: string): DayOrder => (format.startsWith('d') ? 'day first' : 'month first');

/**
 * What format the values of one or more date columns are in: a format with evidence (a number above 12 in one place,
 * never in the other), `'ambiguous'` when the values need a declaration, or null when none needs one (ISO, year first,
 * Chinese, epoch, empty). `order` is for values that prove none.
 */
export function detectDateFormat(samples: Iterable<string>, order: DayOrder | null = null): string | null {
  let mark: string | null = null;
  let meridiem = false;
  let firstAbove12 = false;
  let secondAbove12 = false;
  let undeclared = false;
  for (const sample of samples) {
    const text = sample.normalize('NFKC').trim();
    const found = DAY_MONTH.exec(text);
    if (!found) {
      undeclared ||= UNDECLARED.test(text);
      continue;
    }
    mark ??= found[2] ?? '/';
    meridiem ||= found[5] !== undefined;
    firstAbove12 ||= Number(found[1]) > 12;
    secondAbove12 ||= Number(found[3]) > 12;
  }
  if (mark === null && !undeclared) return null;
  const open = firstAbove12 === secondAbove12 && (firstAbove12 || order === null);
  if (mark === null || undeclared || open) return 'ambiguous';
  const dayFirst = firstAbove12 || (!secondAbove12 && order === 'day first');
  const time = meridiem ? '[ h:mm[:ss][[ ]a]]' : '[ H:mm[:ss]]';
  return dayFirst ? `dd${mark}MM${mark}yyyy${time}` : `MM${mark}dd${mark}yyyy${time}`;
}
