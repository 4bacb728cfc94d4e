// Finds where records begin and end in bytes of delimited UTF-8 text, by csv-parse's own rule for quotes (a property
// test holds it to that). Cuts nothing out and decodes nothing.

const LF = 10;
const CR = 13;

/** The marks of a delimited text: one ASCII character each; an empty quote means that nothing is quoted. */
export interface Marks {
  delimiter: string;
  quote: string;
}

export interface ScannedRecords {
  /** Offset of each whole record's first byte. */
  starts: number[];
  /** Offset after each record's last byte, its line break (`\n`, `\r\n`) not counted. */
  ends: number[];
  /** Line breaks before each record, from the first byte on. */
  lines: number[];
  /** Offset after the last whole record and its line break. */
  consumed: number;
  /** Line breaks in the consumed bytes. */
  lineBreaks: number;
  /** True when the bytes end inside quotes and nothing follows: the quote is never closed. */
  unclosed: boolean;
}

/**
 * Position after a quoted field (at its delimiter or line break, or in the text that wrongly follows), or -1: more
 * bytes are needed.
 */
function skipQuoted(bytes: Uint8Array, from: number, length: number, atEnd: boolean, quote: number): number {
  let at = from;
  for (;;) {
    while (at < length && bytes[at] !== quote) at += 1;
    if (at >= length) return -1;
    const next = at + 1;
    if (next >= length) return atEnd ? next : -1;
    // Whatever follows a lone quote, quoting is over: a delimiter or line break ends the field, other text belongs to
    // it.
    if (bytes[next] !== quote) return next;
    at = next + 1;
  }
}

/**
 * All whole records in `bytes[0, length)`, which must begin at a record's first byte. `atEnd`: no more bytes follow, so
 * the last record may lack its line break. A quote opens only at a field's first byte; a quote followed by anything
 * else than quote, delimiter or line break ends quoting for that field. Pure.
 */
export function scanRecords(bytes: Uint8Array, length: number, atEnd: boolean, marks: Marks): ScannedRecords {
  const delimiter = marks.delimiter.charCodeAt(0);
  const quote = marks.quote === '' ? -1 : marks.quote.charCodeAt(0);
  const found: ScannedRecords = { starts: [], ends: [], lines: [], consumed: 0, lineBreaks: 0, unclosed: false };
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
    found.consumed = next;
  };
  while (at < length) {
    if (bytes[at] === quote) {
      const after = skipQuoted(bytes, at + 1, length, atEnd, quote);
      if (after === -1) {
        found.unclosed = atEnd;
        return found;
      }
      for (let inside = at; inside < after; inside += 1) if (bytes[inside] === LF) lineBreaks += 1;
      at = after;
    }
    while (at < length && bytes[at] !== LF && bytes[at] !== delimiter) at += 1;
    if (at >= length) break;
    if (bytes[at] === LF) {
      lineBreaks += 1;
      add(at > start && bytes[at - 1] === CR ? at - 1 : at, at + 1);
    }
    at += 1;
  }
  if (atEnd && start < length) add(length, length);
  return found;
}

/** The same for bytes in which no quote occurs: one search per line instead of a look at every byte. */
export function scanLines(bytes: Uint8Array, length: number, atEnd: boolean): ScannedRecords {
  const found: ScannedRecords = { starts: [], ends: [], lines: [], consumed: 0, lineBreaks: 0, unclosed: false };
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

/** True when a quote byte occurs at all. */
export function hasQuote(bytes: Uint8Array, length: number, quote: string): boolean {
  if (quote === '') return false;
  const at = bytes.indexOf(quote.charCodeAt(0));
  return at !== -1 && at < length;
}
