// A header that stands in several rows, as spreadsheets have it: headings of groups above, the names of their columns below. Which
// rows belong to it, what the columns are called then, and by what shorter names.
import { isBlankCell } from '../values/cell-text.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { isAddress, isNumber, looksLikeValue } from './find-header.ts';
import { plainHeader } from '../values/header-key.ts';
import { meaningOf } from '../values/header-words.ts';
import type { SourceRecord } from './record.ts';

/** Rows of one header. More are a form, not a table; fewer miss groups of groups. */
const MOST_ROWS = 3;

/** The names of a table's columns. */
export interface ColumnNames {
  headers: string[];
  /** The rows of a header that was joined from several, as they were written; left out, or empty: one row, or none. */
  headerParts?: string[][];
}

/** A number, a date, a time: what stands in no heading of a group. */
const isValue = (text: string): boolean =>
  isAddress(text) || isNumber(text) || /^[\d\s.,:/+年月日時分秒-]+$/.test(text);

/**
 * Whether a row directly above a header names groups of its columns: as many cells, two filled at least, and one that spans several
 * columns, by blank cells or by its own text again. No values, nothing that ends with a colon, and not a name and its value alone.
 */
function namesGroups(row: string[], below: string[], columnsBelow: (column: number) => string[]): boolean {
  const cells = row.map(plainHeader);
  const filled = cells.flatMap((cell, column) => (isBlankCell(cell) ? [] : [column]));
  if (row.length !== below.length || filled.length < 2) return false;
  const spans = filled.some((column) => {
    const next = cells[column + 1];
    return next !== undefined && !isBlankCell(below[column + 1] ?? '') && (next === '' || next === cells[column]);
  });
  const isNameAndValue = filled.length === 2 && filled[1] === 1 && row.length > 3;
  const speaks = filled.every((column) => {
    const cell = cells[column]!;
    return !isValue(cell) && !/[:：]$/.test(cell) && !looksLikeValue(cell, columnsBelow(column));
  });
  return spans && !isNameAndValue && speaks;
}

/** The index of the first row of the header whose last one is at `index`: the same where it stands in one. Pure. */
export function headerTop(records: SourceRecord[], index: number): number {
  const below = (column: number): string[] =>
    records
      .slice(index + 1)
      .map((record) => plainHeader(record.fields[column] ?? ''))
      .filter((cell) => cell !== '');
  let top = index;
  while (top > 0 && index - top + 1 < MOST_ROWS) {
    const names = joinHeader(records.slice(top, index + 1).map(({ fields }) => fields));
    if (!namesGroups(records[top - 1]!.fields, names, below)) break;
    top -= 1;
  }
  return top;
}

/**
 * The headers of columns from the rows of one header, first row first: the parts with a blank between them, a group's heading before each
 * of its columns. A cell above a blank one is a name that spans rows, and no group. Pure.
 */
export function joinHeader(rows: string[][]): string[] {
  return rows.slice(0, -1).reduceRight(
    (names, row) => {
      let group = '';
      return names.map((name, column) => {
        const own = (row[column] ?? '').trim();
        if (isBlankCell(name)) {
          group = '';
          return own;
        }
        if (!isBlankCell(own)) group = own;
        return group === '' || group === name.trim() ? name : `${group} ${name.trim()}`;
      });
    },
    rows.at(-1) ?? [],
  );
}

/** What columns are called without their groups: the last part of each name; the header itself where there is one row. */
export function shortNames({ headers, headerParts = [] }: ColumnNames): string[] {
  if (headerParts.length < 2) return headers;
  return headers.map((header, column) => {
    const filled = headerParts.map((row) => row[column] ?? '').filter((cell) => !isBlankCell(cell));
    return filled.at(-1)?.trim() ?? header;
  });
}

/** The name of each column that a dictionary should be asked for: the whole, or where it knows nothing of it the last part. */
export function speakingNames(
  names: ColumnNames,
  kind: ChannelKind,
  knows: (name: string) => boolean = (name) => meaningOf(name, kind) !== null,
): string[] {
  const short = shortNames(names);
  return names.headers.map((header, column) => (short[column] === header || knows(header) ? header : short[column]!));
}

/** The header of a file of ours that adds columns of its own to those of a table, row by row, so that it is read again as it was. */
export function headerRowsWith({ headers, headerParts = [] }: ColumnNames, own: string[]): string[][] {
  if (headerParts.length < 2) return [[...headers, ...own]];
  return headerParts.map((row, index) => [
    ...headers.map((_, column) => row[column] ?? ''),
    ...(index === headerParts.length - 1 ? own : own.map((_, at) => (at === 0 ? 'sluice' : ''))),
  ]);
}
