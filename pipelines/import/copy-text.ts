// Writes staged rows in Postgres' COPY text format. Column order is that of the statement `copy_lines`.
import { countLeft, type LeftValues } from './left-values.ts';
import type { NormalisedBlock, StagedRow } from './staged-row.ts';

// NUL cannot be stored by Postgres at all; a cell that got here with one loses it rather than fail the whole file.
const SPECIAL = /[\\\n\r\t\0]/;
const NULL = '\\N';

/** A text value; null as COPY writes it. */
export function text(value: string | null): string {
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

// What must be escaped inside a quoted element, and what COPY escapes once more.
const SPECIAL_IN_ARRAY = /["\\\n\r\t\0]/;

/** A text[] literal; every element quoted, so that commas, braces and NULL in a tag stay text. Null elements are allowed. */
export function textArray(values: (string | null)[] | null): string {
  if (values === null) return NULL;
  let literal = '{';
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]!;
    if (at > 0) literal += ',';
    literal += value === null ? 'NULL' : SPECIAL_IN_ARRAY.test(value) ? escapeElement(value) : `"${value}"`;
  }
  return `${literal}}`;
}

function escapeElement(value: string): string {
  return escapeText(`"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
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
  /** Absent where the lines were read whole. */
  left?: LeftValues;
}

/** Bytes of COPY text that a row of the usual length takes, to size the first buffer; a longer one makes it grow. */
const USUAL_ROW_BYTES = 400;

/**
 * The rows of a block as COPY text. Row by row into one buffer: a string of the whole block would be built twice, as a
 * rope and flat, and cost a third of the time of normalising in collected garbage.
 */
export function toCopyBlock(block: NormalisedBlock): CopyBlock {
  const buffer = copyBuffer(block.rows.length * USUAL_ROW_BYTES);
  const left: LeftValues = {};
  for (const row of block.rows) {
    buffer.append(copyRow(row));
    if (row.left !== undefined) countLeft(left, row.left, row.line);
  }
  return {
    copyText: buffer.bytes(),
    rows: block.rows.length,
    blank: block.blank,
    firstLine: block.rows[0]?.line ?? null,
    lastLine: block.rows.at(-1)?.line ?? null,
    nextByte: block.nextByte,
    nextLine: block.nextLine,
    ...(Object.keys(left).length > 0 ? { left } : {}),
  };
}

/** Collects text as UTF-8 in one buffer that grows when it must. */
export function copyBuffer(firstBytes: number): { append(text: string): void; bytes(): Uint8Array } {
  let bytes = Buffer.allocUnsafeSlow(firstBytes);
  let length = 0;
  return {
    append: (text) => {
      // UTF-8 takes at most three bytes for a UTF-16 unit.
      if (length + text.length * 3 > bytes.length) bytes = grown(bytes, length + text.length * 3);
      length += bytes.write(text, length);
    },
    bytes: () => bytes.subarray(0, length),
  };
}

function grown(bytes: Buffer<ArrayBuffer>, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2));
  bytes.copy(larger);
  return larger;
}
