// Which record of a table is its header: judged by its words, by its whole row, and by what stands below it.
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { isBlankCell } from '../values/cell-text.ts';
import { headerKey, plainHeader } from '../values/header-key.ts';
import { meaningOf } from '../values/header-words.ts';
import { filledWidth } from './record-shape.ts';
import type { SourceRecord } from './record.ts';

/**
 * A header is not looked for beyond this record. Lower misses reports with long titles; higher takes data for headers.
 */
export const MAX_PREAMBLE = 20;
/** Share of a column's cells that must have one form for it to be the column's form. Lower: chance; higher: one slip hides it. */
const FORM_SHARE = 0.8;
/** A later row is the header instead of a full one above it only with so many more known words: group titles stand above names. */
const MORE_WORDS = 2;

export interface FoundHeader {
  index: number;
  /** Likely, not sure. */
  guessed: boolean;
}

interface Candidate {
  index: number;
  /** Known words that stand nowhere else in the sample: one that occurs again is a value. */
  words: number;
  sure: number;
  /** A sure word stands above values of just that kind. */
  proven: boolean;
  /** Cells that look like the values of their columns. */
  values: number;
  /** It holds what no header has: an e-mail address, a LINE id. */
  data: boolean;
  wide: boolean;
  full: boolean;
  half: boolean;
}

/** How many different fields the words of a row name. */
export function knownHeaders(fields: string[], kind: ChannelKind): number {
  return new Set(fields.map((field) => meaningOf(field, kind)?.meaning).filter(Boolean)).size;
}

/** Longest text that can be an address. Lower misses e-mail addresses (254); higher lets a long cell of dots cost its square. */
const MAX_ADDRESS = 320;

export const isEmail = (text: string): boolean => text.length <= MAX_ADDRESS && /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text);
export const isAddress = (text: string): boolean => isEmail(text) || /^[UCR][0-9a-f]{32}$/i.test(text);
export const isNumber = (text: string): boolean => /^\+?[\d\s()-]{8,}$/.test(text);

/** The form of a value: digits, letters and ideographs as one sign each. Null for a text without digit, which may say anything. */
function formOf(text: string): string | null {
  if (!/\d/.test(text)) return null;
  return text
    .replace(/\d/g, '9')
    .replace(/[a-z]/gi, 'a')
    .replace(/\p{Script=Han}/gu, 'x');
}

/** Whether a cell looks like what stands below it in its column. */
export function looksLikeValue(text: string, below: string[]): boolean {
  if (text === '') return false;
  const form = formOf(text);
  const alike = form === null ? 0 : below.filter((cell) => formOf(cell) === form).length;
  if (below.length > 1 && alike >= below.length * FORM_SHARE) return true;
  // Numbers are written in many forms; one above cells that are none is a name, such as a date.
  return isNumber(text) && (below.length === 0 || below.filter(isNumber).length * 2 > below.length);
}

/** Whether a sure word names what stands below it: an id, an address, a number. */
function isProven(found: ReturnType<typeof meaningOf>, below: string[]): boolean {
  if (found?.confidence !== 1 || below.length === 0) return false;
  const of: Partial<Record<string, (text: string) => boolean>> = {
    social_id: (text) => isAddress(text) || isNumber(text),
    email: isAddress,
    phone: isNumber,
    member_id: (text) => /\d/.test(text),
  };
  const test = of[found.meaning];
  return test !== undefined && below.filter(test).length >= below.length * FORM_SHARE;
}

/**
 * The header among the first records of a table whose records are mostly `width` wide; null when its first record is data already.
 * First a row of known words that is not like its data; then two sure words, which outweigh names that look like numbers; then,
 * as a guess, the first row that is wide and well filled. Pure.
 */
export function findHeader(records: SourceRecord[], width: number, kind: ChannelKind): FoundHeader | null {
  const candidates = candidatesOf(records, width, kind);
  const named = candidates.filter(({ words, wide, data }) => words > 0 && wide && !data);
  const clean = named.filter(({ values }) => values === 0);
  const above = candidates.filter(({ full, data, values }) => width > 1 && full && !data && values === 0);
  const known =
    bestOf(clean, above) ??
    bestOf(
      named.filter(({ sure, proven }) => sure >= 2 || proven),
      above,
    );
  if (known) return { index: known.index, guessed: known.sure === 0 || known.values > 0 };
  const first = candidates.find(({ wide, half }) => wide && (width === 1 || half));
  return first && !first.data && first.values === 0 ? { index: first.index, guessed: true } : null;
}

/** The row with most words; a full row above it, of known words or not, stays unless it has clearly fewer. */
function bestOf(rows: Candidate[], above: Candidate[]): Candidate | undefined {
  const best = rows.reduce<Candidate | undefined>((a, b) => (a === undefined || b.words > a.words ? b : a), undefined);
  return best && (above.find(({ index, words }) => index < best.index && words + MORE_WORDS > best.words) ?? best);
}

function candidatesOf(records: SourceRecord[], width: number, kind: ChannelKind): Candidate[] {
  const seen = new Map<string, number>();
  for (const { fields } of records)
    for (const field of fields) {
      const key = headerKey(field);
      if (key !== '') seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  return records.slice(0, MAX_PREAMBLE).flatMap(({ fields }, index) => {
    const cells = fields.map(plainHeader);
    const filled = cells.filter((cell) => !isBlankCell(cell)).length;
    if (filled === 0) return [];
    const below = (column: number): string[] =>
      records
        .slice(index + 1)
        .map((record) => plainHeader(record.fields[column] ?? ''))
        .filter((cell) => cell !== '');
    const meanings = cells
      .filter((cell) => seen.get(headerKey(cell)) === 1)
      .map((cell) => meaningOf(cell, kind))
      .filter((found) => found !== null);
    const distinct = (least: number) =>
      new Set(meanings.filter(({ confidence }) => confidence >= least).map(({ meaning }) => meaning)).size;
    return [
      {
        index,
        words: distinct(0),
        sure: distinct(1),
        proven: cells.some((cell, column) => isProven(meaningOf(cell, kind), below(column))),
        values: cells.filter((cell, column) => looksLikeValue(cell, below(column))).length,
        data: cells.some(isAddress),
        // A header is one line of its table: nearly as wide as the records below it, not a title above them.
        wide: filledWidth(fields) * 2 > width || fields.length === width,
        full: filled * 10 >= width * 9,
        half: filled * 2 > width,
      },
    ];
  });
}
