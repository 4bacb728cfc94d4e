// Cuts a spool into blocks of whole records, in constant memory, from any record's first byte. Does not parse fields.
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { Marks } from './marks.ts';
import { needsScan, scanRecords, type ScannedRecords } from './record-scanner.ts';
import type { RecordBlock } from './record.ts';

/** Reads bytes of one open file at a position; gives their number, 0 at the end. May read fewer than fit. */
export interface FileReader {
  read(buffer: Uint8Array, position: number): Promise<number>;
}

export interface BlockSource extends Marks {
  reader: FileReader;
  /** Offset of a record's first byte. */
  fromByte: number;
  /** Offset after the last record's bytes; null, left out: the end of the file. */
  untilByte?: number | null | undefined;
  /** Physical line (1-based) of that byte. */
  firstLine: number;
  /** Bytes read at a time; default 1 MiB. */
  blockBytes?: number;
  /** Longest record, in bytes; default 16 MiB. */
  maxRecordBytes?: number;
  signal?: AbortSignal;
}

/** Smaller blocks cost a message to the normalising thread each; larger ones make memory and the first answer wait. */
const BLOCK_BYTES = 1024 * 1024;
/**
 * Lower refuses records with long texts; higher reads more of the file into memory before an unclosed quote is seen.
 */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

const LF = 10;

/** How far whole records reach in a block, and how many line breaks they hold. */
function wholeRecords(
  bytes: Uint8Array,
  length: number,
  atEnd: boolean,
  marks: Marks,
  giveUp = false,
): Pick<ScannedRecords, 'consumed' | 'lineBreaks'> {
  if (needsScan(bytes, length, marks)) return scanRecords(bytes, length, atEnd, marks, giveUp);
  const consumed = atEnd ? length : bytes.lastIndexOf(LF, length - 1) + 1;
  let lineBreaks = 0;
  for (let at = bytes.indexOf(LF); at !== -1 && at < consumed; at = bytes.indexOf(LF, at + 1)) lineBreaks += 1;
  return { consumed, lineBreaks };
}

/** Fills the buffer from a position as far as the data go. */
async function fill(
  { reader, untilByte }: BlockSource,
  buffer: Uint8Array,
  offset: number,
  position: number,
): Promise<number> {
  const end =
    untilByte === null || untilByte === undefined ? buffer.length : Math.min(buffer.length, untilByte - position);
  let filled = offset;
  while (filled < end) {
    const count = await reader.read(buffer.subarray(filled, end), position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function recordTooLong(line: number, limit: number): PipelineError {
  return new PipelineError('record_too_long', `The record that begins in line ${line} is longer than ${limit} bytes.`, {
    hint: 'Is it a text file with line breaks? Look at that line; a delimiter or quote that was declared may be wrong.',
    details: { line },
  });
}

/**
 * The blocks of a spool from `fromByte` to its end, in order; together they hold every byte once. Starting again at any
 * block's `byteStart` and `firstLine` gives the same rest. Each block has a buffer of its own, which may be transferred
 * to another thread. A quote that nothing closes within `maxRecordBytes` is text. Throws PipelineError `record_too_long` (names
 * the line where the record begins), or the signal's reason.
 */
export async function* readRecordBlocks(source: BlockSource): AsyncGenerator<RecordBlock, void> {
  const blockBytes = source.blockBytes ?? BLOCK_BYTES;
  const maxRecordBytes = source.maxRecordBytes ?? MAX_RECORD_BYTES;
  let byteStart = source.fromByte;
  let firstLine = source.firstLine;
  for (;;) {
    source.signal?.throwIfAborted();
    let buffer: Uint8Array = new Uint8Array(blockBytes);
    let length = await fill(source, buffer, 0, byteStart);
    if (length === 0) return;
    let found = wholeRecords(buffer, length, length < buffer.length, source);
    while (found.consumed === 0) {
      if (length >= maxRecordBytes) {
        found = wholeRecords(buffer, length, length < buffer.length, source, true);
        if (found.consumed === 0) throw recordTooLong(firstLine, maxRecordBytes);
        break;
      }
      source.signal?.throwIfAborted();
      const larger = new Uint8Array(Math.min(buffer.length * 2, maxRecordBytes + 1));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
      length = await fill(source, buffer, length, byteStart);
      found = wholeRecords(buffer, length, length < buffer.length, source);
    }
    yield { bytes: buffer.subarray(0, found.consumed), byteStart, firstLine };
    byteStart += found.consumed;
    firstLine += found.lineBreaks;
  }
}
