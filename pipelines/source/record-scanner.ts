// Finds where records begin and end in bytes of delimited UTF-8 text: by the rule for quotes that csv-parse has (a property
// test holds it to that), and where they break the rule by odd-record.ts. Cuts nothing out and decodes nothing.
import { markBytes, type Marks } from './marks.ts';
import { afterClosing, boundary, countBreaks, readOdd, skipBlanks, type Reading } from './odd-record.ts';

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

export interface ScannedRecords {
  /** Offset of each whole record's first byte. */
  starts: number[];
  /** Offset after each record's last byte, its line break not counted. */
  ends: number[];
  /** Line breaks before each record, from the first byte on. */
  lines: number[];
  /** Offset after the last whole record and its line break. */
  consumed: number;
  /** Line breaks in the consumed bytes. */
  lineBreaks: number;
  /** Records whose quotes do not follow the rule, by index, and how each is read. */
  odd: Map<number, Reading>;
}

const nothing = (): ScannedRecords => ({ starts: [], ends: [], lines: [], consumed: 0, lineBreaks: 0, odd: new Map() });

/**
 * All whole records in `bytes[0, length)`, which must begin at a record's first byte. `atEnd`: no more bytes follow, so
 * the last record may lack its line break. A quote opens only at a field's beginning, and is closed by the next one before a
 * delimiter or line break; whatever else it does, the record is odd. `giveUp`: the first record is not waited for any longer: a
 * quote in it that these bytes do not close is text. Pure.
 */
export function scanRecords(
  bytes: Uint8Array,
  length: number,
  atEnd: boolean,
  marks: Marks,
  giveUp = false,
): ScannedRecords {
  const codes = markBytes(marks);
  const { delimiter, quote, lone } = codes;
  const found = nothing();
  let start = 0;
  let lineBreaks = 0;
  let at = 0;
  const add = (end: number, next: number): void => {
    found.starts.push(start);
    found.ends.push(end);
    found.lines.push(found.lineBreaks);
    found.lineBreaks += lineBreaks;
    lineBreaks = 0;
    start = next;
    at = next;
    found.consumed = next;
  };
  while (at < length) {
    const first = bytes[at];
    let isOdd = false;
    if (first === quote) {
      const after = afterClosing(bytes, at + 1, length, codes);
      if (after === -1 && !atEnd && !(giveUp && start === 0)) return found;
      const closes = after === -1 ? false : boundary(bytes, after, length, atEnd, codes);
      if (closes === -1) return found;
      isOdd = !closes;
      if (closes) {
        lineBreaks += countBreaks(bytes, at, after, lone);
        at = after;
      }
    } else if ((first === SPACE || first === TAB) && first !== delimiter && quote !== -1) {
      isOdd = bytes[skipBlanks(bytes, at, length, delimiter)] === quote;
    }
    if (isOdd) {
      const odd = readOdd(bytes, start, length, atEnd, marks, giveUp && start === 0);
      if (odd === null) return found;
      lineBreaks = odd.end.breaks;
      found.odd.set(found.starts.length, odd.reading);
      add(odd.end.end, odd.end.next);
      continue;
    }
    while (at < length && bytes[at] !== LF && bytes[at] !== delimiter && bytes[at] !== lone) at += 1;
    if (at >= length) break;
    if (bytes[at] === delimiter) {
      at += 1;
      continue;
    }
    if (bytes[at] === CR && at + 1 >= length && !atEnd) return found;
    lineBreaks += 1;
    if (bytes[at] === CR) add(at, at + (bytes[at + 1] === LF && at + 1 < length ? 2 : 1));
    else add(at > start && bytes[at - 1] === CR ? at - 1 : at, at + 1);
  }
  if (atEnd && start < length) add(length, length);
  return found;
}

/** The same for bytes in which neither quotes nor lone `\r` count: one search per line instead of a look at every byte. */
export function scanLines(bytes: Uint8Array, length: number, atEnd: boolean): ScannedRecords {
  const found = nothing();
  let start = 0;
  for (;;) {
    const at = bytes.indexOf(LF, start);
    if (at === -1 || at >= length) break;
    found.starts.push(start);
    found.ends.push(at > start && bytes[at - 1] === CR ? at - 1 : at);
    found.lines.push(found.lineBreaks);
    found.lineBreaks += 1;
    start = at + 1;
  }
  found.consumed = start;
  if (atEnd && start < length) {
    found.starts.push(start);
    found.ends.push(length);
    found.lines.push(found.lineBreaks);
    found.consumed = length;
  }
  return found;
}

/** True when a look at every byte is needed: a quote occurs, or a lone `\r` ends a record. */
export function needsScan(bytes: Uint8Array, length: number, { quote, loneReturns }: Marks): boolean {
  if (loneReturns === true) return true;
  if (quote === '') return false;
  const at = bytes.indexOf(quote.charCodeAt(0));
  return at !== -1 && at < length;
}
