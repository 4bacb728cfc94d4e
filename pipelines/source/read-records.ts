// One block of a spool to records: fields by csv-parse, place (line, byte range) by the scanner; the fields of a record that
// breaks the rule for quotes by odd-record.ts. Judges no value.
import { parse } from 'csv-parse/sync';
import { DELIMITERS } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { cutOdd, hasBareReturn, swallowedLines } from './odd-record.ts';
import type { Marks } from './marks.ts';
import { needsScan, scanLines, scanRecords, type ScannedRecords } from './record-scanner.ts';
import type { RecordBlock, SourceRecord } from './record.ts';

/**
 * Records given to csv-parse at a time. Fewer cost its start-up (50 µs) more often; more keep their fields alive so
 * long that the garbage collector copies them (a third of all time with a whole block of 1 MiB).
 */
const PARSED_AT_ONCE = 500;

const LF = 10;
const CR = 13;

export interface BlockRecords {
  /** Every record, blank ones too. */
  records: SourceRecord[];
  /** Physical line of the byte after the block. */
  nextLine: number;
}

// Measured over 100,000 records of 8 quoted fields: 4.3 µs a record; with `info: true` 6.8 µs and still no byte range
// of a record.
function parseQuoted(bytes: Uint8Array, marks: Marks): string[][] {
  return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
    delimiter: marks.delimiter,
    quote: marks.quote,
    escape: marks.escape ?? marks.quote,
    record_delimiter: marks.loneReturns === true ? ['\r\n', '\n', '\r'] : ['\n', '\r\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: false,
  });
}

/** Without a quote in the block, splitting is what csv-parse would do, in a quarter of its time. */
function* splitLines(bytes: Uint8Array, delimiter: string): Generator<string[], void> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', start)) {
    const end = at > start && text.charCodeAt(at - 1) === 13 ? at - 1 : at;
    yield text.slice(start, end).split(delimiter);
    start = at + 1;
  }
  // What follows the last line break is a record of the file's end; a \r there is text, as csv-parse has it.
  if (start < text.length) yield text.slice(start).split(delimiter);
}

function* parsedRecords(bytes: Uint8Array, found: ScannedRecords, marks: Marks): Generator<string[], void> {
  const count = found.starts.length;
  for (let first = 0; first < count;) {
    const reading = found.odd.get(first);
    if (reading !== undefined) {
      yield cutOdd(bytes.subarray(found.starts[first], found.ends[first]), marks, reading);
      first += 1;
      continue;
    }
    let last = first + 1;
    while (last < count && last - first < PARSED_AT_ONCE && !found.odd.has(last)) last += 1;
    const parsed = parseQuoted(bytes.subarray(found.starts[first], found.starts[last] ?? bytes.length), marks);
    if (parsed.length !== last - first) throw disagreement(1 + (found.lines[first] ?? 0), last - first, parsed.length);
    yield* parsed;
    first = last;
  }
}

function disagreement(line: number, scanned: number, parsed: number): PipelineError {
  return new PipelineError('records_disagree', `Records cannot be told apart from line ${line} of the block on.`, {
    hint: 'Please report this with the lines named; reading with --quote none may work meanwhile.',
    details: { scanned, parsed },
  });
}

/** Fewer columns: a text with one semicolon in it would be taken apart. */
const LEAST_TO_SPLIT = 3;

/** A record without the delimiter of its table, where another one makes exactly its fields: it was written by other hands. */
function otherwiseDelimited(fields: string[], { delimiter, width }: Marks): string[] {
  if (width === undefined || width === null || width < LEAST_TO_SPLIT) return fields;
  for (const other of DELIMITERS) {
    if (other === delimiter) continue;
    const split = fields[0]!.split(other);
    if (split.length === width) return split;
  }
  return fields;
}

/** Whether a block holds a `\r` that no `\n` follows: nearly none does, and then no record need be looked at. */
function holdsLoneReturn(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(CR); at !== -1; at = bytes.indexOf(CR, at + 1))
    if (bytes[at + 1] !== LF || at + 1 >= bytes.length) return true;
  return false;
}

/**
 * Calls `visit` with every record of one block, in order, blank ones too; gives the physical line of the byte after the
 * block. The block must be as `readRecordBlocks` cuts it. Line and byte range are exact with quoted line breaks, `\r\n`
 * and multi-byte text. Pure but for `visit`. Throws PipelineError `records_disagree` if scanner and csv-parse ever see
 * different records.
 */
export function visitRecords(block: RecordBlock, marks: Marks, visit: (record: SourceRecord) => void): number {
  const { bytes, byteStart, firstLine } = block;
  const quoted = needsScan(bytes, bytes.length, marks);
  const found = quoted ? scanRecords(bytes, bytes.length, true, marks) : scanLines(bytes, bytes.length, true);
  const lone = marks.loneReturns !== true && holdsLoneReturn(bytes);
  let index = 0;
  for (const fields of quoted ? parsedRecords(bytes, found, marks) : splitLines(bytes, marks.delimiter)) {
    const start = found.starts[index] ?? 0;
    const end = found.ends[index] ?? 0;
    const line = found.lines[index] ?? 0;
    const record: SourceRecord = {
      line: firstLine + line,
      byteStart: byteStart + start,
      byteLength: end - start,
      // A cell that is shorter than its record was quoted: its text is one value.
      fields:
        fields.length === 1 && Buffer.byteLength(fields[0]!) === end - start
          ? otherwiseDelimited(fields, marks)
          : fields,
    };
    // The next record begins more than one line further down: there are line breaks in its cells.
    const below = found.lines[index + 1] ?? found.lineBreaks + 1;
    if (quoted && below - line > 1) {
      const swallowed = swallowedLines(bytes.subarray(start, end), marks);
      if (swallowed > 0) record.swallowedUntil = record.line + swallowed;
    }
    if (lone && hasBareReturn(bytes.subarray(start, end), marks, found.odd.get(index) ?? 'literal'))
      record.bareReturn = true;
    visit(record);
    index += 1;
  }
  if (index !== found.starts.length) throw disagreement(1, found.starts.length, index);
  return firstLine + found.lineBreaks;
}

/** All records of one block at once; see `visitRecords`. */
export function readRecords(block: RecordBlock, marks: Marks): BlockRecords {
  const records: SourceRecord[] = [];
  const nextLine = visitRecords(block, marks, (record) => records.push(record));
  return { records, nextLine };
}
