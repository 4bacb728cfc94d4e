// Whether the fields of a record are blank, and whether they are as many as its table has columns; what makes a record no line of
// its table at all. Knows no column.
import { isBlankCell } from '../values/cell-text.ts';
import type { ShortRows } from '../../contracts/import.ts';
import type { InvalidReason } from '../values/reasons.ts';
import type { SourceRecord } from './record.ts';

/** True when every field is blank. A loop: it is asked of every record of every file. */
export function isBlankRecord(fields: readonly string[]): boolean {
  for (const field of fields) if (!isBlankCell(field)) return false;
  return true;
}

/** Fields up to the last that is not blank; 1 at least. */
export function filledWidth(fields: readonly string[]): number {
  let width = fields.length;
  while (width > 1 && isBlankCell(fields[width - 1] ?? '')) width -= 1;
  return width;
}

/**
 * More fields than columns are tolerated when the extra ones are blank (spreadsheets add them); fewer only when they are to be
 * padded.
 */
export function hasColumnCount(fields: readonly string[], columns: number, shortRows: ShortRows = 'invalid'): boolean {
  if (fields.length < columns) return shortRows === 'pad';
  for (let index = columns; index < fields.length; index += 1) if (!isBlankCell(fields[index] ?? '')) return false;
  return true;
}

/** Why nobody may be read from a record, whatever its cells say; null when nothing speaks against it. */
export function brokenRecord(record: SourceRecord, columns: number, shortRows?: ShortRows): InvalidReason | null {
  if (record.swallowedUntil !== undefined) return 'lines_swallowed';
  if (record.bareReturn === true) return 'bare_return';
  if (record.fields.length !== columns && !hasColumnCount(record.fields, columns, shortRows)) return 'column_count';
  return null;
}
