// Writes staged rows in Postgres' COPY text format. Column order is that of the statement `copy_lines`.
import type { NormalisedBlock, StagedRow } from './staged-row.ts';

// NUL cannot be stored by Postgres at all; a cell that got here with one loses it rather than fail the whole file.
const SPECIAL = /[\\\n\r\t\0]/;
const NULL = '\\N';

function text(value: string | null): string {
  if (value === null) return NULL;
  return SPECIAL.test(value) ? escapeText(value) : value;
}

function escapeText(value: string): string {
  return value
    .replaceAll('\0', '')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}

/** A text[] literal; every element quoted, so that commas, braces and NULL in a tag stay text. */
function textArray(values: string[] | null): string {
  if (values === null) return NULL;
  const quoted = values.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
  return escapeText(`{${quoted.join(',')}}`);
}

function flag(value: boolean | null): string {
  return value === null ? NULL : value ? 't' : 'f';
}

function json(value: StagedRow['attributes']): string {
  return value === null ? NULL : text(JSON.stringify(value));
}

/** One row, with its line end. */
export function copyRow(row: StagedRow): string {
  return `${row.line}\t${row.byteStart}\t${row.byteLength}\t${text(row.reason)}\t${text(row.socialId)}\t${text(row.displayName)}\t${text(row.avatarUrl)}\t${text(row.timeZone)}\t${text(row.memberId)}\t${text(row.email)}\t${text(row.emailKey)}\t${text(row.phone)}\t${text(row.phoneRaw)}\t${flag(row.subscribed)}\t${text(row.subscribedSince)}\t${text(row.lastInteractionAt)}\t${json(row.attributes)}\t${textArray(row.tags)}\n`;
}

/** A normalised block on its way to COPY: bytes and counts, no rows. Crosses a thread border cheaply. */
export interface CopyBlock {
  copyText: Uint8Array;
  rows: number;
  blank: number;
  firstLine: number | null;
  lastLine: number | null;
  nextByte: number;
  nextLine: number;
}

/** Bytes of COPY text that a row of the usual length takes, to size the first buffer; a longer one makes it grow. */
const USUAL_ROW_BYTES = 400;

/**
 * The rows of a block as COPY text. Row by row into one buffer: a string of the whole block would be built twice, as a
 * rope and flat, and cost a third of the time of normalising in collected garbage.
 */
export function toCopyBlock(block: NormalisedBlock): CopyBlock {
  let bytes = Buffer.allocUnsafeSlow(block.rows.length * USUAL_ROW_BYTES);
  let length = 0;
  for (const row of block.rows) {
    const text = copyRow(row);
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    if (length + text.length * 3 > bytes.length) bytes = grown(bytes, length + text.length * 3);
    length += bytes.write(text, length);
  }
  return {
    copyText: bytes.subarray(0, length),
    rows: block.rows.length,
    blank: block.blank,
    firstLine: block.rows[0]?.line ?? null,
    lastLine: block.rows.at(-1)?.line ?? null,
    nextByte: block.nextByte,
    nextLine: block.nextLine,
  };
}

function grown(bytes: Buffer<ArrayBuffer>, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2));
  bytes.copy(larger);
  return larger;
}
