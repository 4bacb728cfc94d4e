// Postgres' COPY text format: values, and blocks of lines on their way to it.
import type { LeftValues } from './left-values.ts';

// NUL cannot be stored by Postgres at all; a cell that got here with one loses it rather than fail the whole file.
const SPECIAL = /[\\\n\r\t\0]/;
/** No value, as COPY writes it. */
export const NULL = '\\N';

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
