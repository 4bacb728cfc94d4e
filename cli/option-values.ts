// Reads the values of options that several commands share. Wrong ones are wrong usage: exit code 2.
import { InvalidArgumentError, Option } from 'commander';
import { DELIMITERS, SHORT_ROWS } from '../contracts/import.ts';
import { sourceOf } from '../pipelines/tags/source-words.ts';

/** A delimiter, by itself or by name. */
export function parseDelimiterOption(text: string): string {
  const named: Record<string, string> = { tab: '\t', comma: ',', semicolon: ';', pipe: '|', '\\t': '\t' };
  const value = named[text.toLowerCase()] ?? text;
  if (DELIMITERS.some((mark) => mark === value)) return value;
  throw new InvalidArgumentError('must be , ; tab or |');
}

/** What becomes of rows that a spreadsheet cut at their last filled cell. */
export const shortRowsOption = (): Option =>
  new Option('--short-rows <how>', 'rows with fewer cells than the header: invalid, or taken with blank cells')
    .choices(SHORT_ROWS)
    .default('invalid');

/** A percentage such as `10` or `10%`, as a share of 1. */
export function parsePercent(text: string): number {
  const number = Number(text.replace(/%$/, ''));
  if (text.trim() !== '' && number >= 0 && number <= 100) return number / 100;
  throw new InvalidArgumentError('must be a percentage from 0 to 100');
}

/** `FIELD=COLUMN`, collected over repeated options. */
export function collectMap(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1)
    throw new InvalidArgumentError('must be FIELD=COLUMN, such as member_id=會員編號');
  const target = text.slice(0, at);
  const column = text.slice(at + 1);
  // Several columns may be left out, and an object has each key once.
  const key = target === 'ignored' || target === 'ignore' ? `ignore:${column}` : target;
  return { ...earlier, [key]: column };
}

/** A parser of whole numbers from `least` to `most`. */
export function wholeFrom(least: number, most = Infinity): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    const to = most === Infinity ? '' : ` to ${most}`;
    throw new InvalidArgumentError(`must be a whole number from ${least}${to}`);
  };
}

/** A time such as `90s`, `15m`, `2h` or `1d`, in seconds. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^([0-9]{1,9})(s|m|h|d)$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[unit ?? ''];
  if (number !== undefined && seconds !== undefined) return Number(number) * seconds;
  throw new InvalidArgumentError('must be a time such as 90s, 15m, 2h or 1d');
}

/** A source of tag events, as it is stored; also by its Chinese word. */
export function parseSource(text: string): string {
  const name = sourceOf(text);
  if (name !== null) return name;
  throw new InvalidArgumentError('must be a word of small letters, digits, _ . or -');
}
