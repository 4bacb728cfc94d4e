// One block of a spool to records: fields by csv-parse, place (line, byte range) by the scanner. Judges no value.
import { parse } from 'csv-parse/sync';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { hasQuote, scanLines, scanRecords, type Marks } from './record-scanner.ts';
import type { RecordBlock, SourceRecord } from './staged-row.ts';

export interface BlockRecords {
  /** Every record, blank ones too. */
  records: SourceRecord[];
  /** Physical line of the byte after the block. */
  nextLine: number;
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

/** Without a quote in the block, splitting is what csv-parse would do, at twice its speed. */
function splitBlock(text: string, delimiter: string): string[][] {
  const lines = text.split('\n');
  // What follows the last line break is a record of the file's end; a \r there is text, as csv-parse has it.
  const tail = lines.pop() ?? '';
  const records = lines.map((line) =>
    (line.charCodeAt(line.length - 1) === 13 ? line.slice(0, -1) : line).split(delimiter),
  );
  if (tail !== '') records.push(tail.split(delimiter));
  return records;
}

// Measured over 100,000 records of 8 quoted fields: 4.3 µs a record; with `info: true` 6.8 µs and still no byte range of a record.
function parseBlock(bytes: Uint8Array, marks: Marks): string[][] {
  return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
    delimiter: marks.delimiter,
    quote: marks.quote,
    escape: marks.quote,
    record_delimiter: ['\n', '\r\n'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: false,
  });
}

/**
 * The records of one block as `readRecordBlocks` cuts it. Line and byte range are exact with quoted line breaks, `\r\n` and multi-byte text.
 * Pure: the same block gives the same records. Throws PipelineError `records_disagree` if scanner and csv-parse ever see different records.
 */
export function readRecords(block: RecordBlock, marks: Marks): BlockRecords {
  const { bytes, byteStart, firstLine } = block;
  const quoted = hasQuote(bytes, bytes.length, marks.quote);
  const found = quoted ? scanRecords(bytes, bytes.length, true, marks) : scanLines(bytes, bytes.length, true);
  const fields = quoted ? parseBlock(bytes, marks) : splitBlock(decode(bytes), marks.delimiter);
  if (fields.length !== found.starts.length) {
    throw new PipelineError(
      'records_disagree',
      `Between lines ${firstLine} and ${firstLine + found.lineBreaks} records cannot be told apart.`,
      {
        hint: 'Please report this with the lines named; reading with --quote none may work meanwhile.',
        details: { scanned: found.starts.length, parsed: fields.length },
      },
    );
  }
  const records = fields.map((values, index): SourceRecord => {
    const start = found.starts[index] ?? 0;
    return {
      line: firstLine + (found.lines[index] ?? 0),
      byteStart: byteStart + start,
      byteLength: (found.ends[index] ?? 0) - start,
      fields: values,
    };
  });
  return { records, nextLine: firstLine + found.lineBreaks };
}
