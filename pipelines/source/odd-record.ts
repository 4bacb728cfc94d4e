// Records whose quotes do not follow the rule: what is meant by them, and the fields that follow. One record at a time, from
// its first byte; what stands after a record never changes how it is read, so that blocks may be cut between any two.
import { markBytes, type MarkBytes, type Marks } from './marks.ts';

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;

/**
 * How the quote is taken that opens a field and is not closed by the rule.
 * `inner`: quotes inside are text, and the field ends with the one before the next delimiter: `"5" pipe",`.
 * `literal`: the opening one was text: `"5 inches,`.
 * `closed`: quoting ends with the next one, and what follows belongs to the field: `"a, b"c,`.
 */
export type Reading = 'inner' | 'literal' | 'closed';

/** Where a record ends: `end` without its line break, `next` after it; `breaks` are the line breaks up to `next`. */
export interface RecordEnd {
  end: number;
  next: number;
  breaks: number;
  fields: number;
  /** The last field that is not blank, counted from 1. */
  lastFilled: number;
}

/** `quoted` spans lie between their quotes; `opened` ones begin with a quote that is text. */
type FieldKind = 'plain' | 'quoted' | 'opened' | 'closed';
type OnField = (kind: FieldKind, from: number, to: number) => void;

/** More bytes are needed to tell. */
const MORE = -1;
/** The opening quote is text. */
const TEXT = -2;
/** The reading would go past the line, which these readings never do. */
const PAST = -3;

/** Position after the quote that closes the field opened before `from`, doubled and escaped ones passed over; -1: none. */
export function afterClosing(bytes: Uint8Array, from: number, length: number, { quote, escape }: MarkBytes): number {
  let at = from;
  for (;;) {
    if (escape === quote) {
      at = bytes.indexOf(quote, at);
      if (at === -1 || at >= length) return -1;
      if (bytes[at + 1] !== quote || at + 1 >= length) return at + 1;
      at += 2;
    } else {
      while (at < length && bytes[at] !== quote && bytes[at] !== escape) at += 1;
      if (at >= length) return -1;
      if (bytes[at] === quote) return at + 1;
      const escaped = bytes[at + 1] === quote || bytes[at + 1] === escape;
      at += escaped ? 2 : 1;
    }
  }
}

/** Line breaks in `bytes[from, to)`: `\n`, and lone `\r` where they count. */
export function countBreaks(bytes: Uint8Array, from: number, to: number, lone: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) {
    if (bytes[at] === LF) count += 1;
    else if (bytes[at] === lone && bytes[at + 1] !== LF) count += 1;
  }
  return count;
}

/** The first position at or after `at` that holds no blank; the delimiter is none. */
export function skipBlanks(bytes: Uint8Array, at: number, length: number, delimiter: number): number {
  while (at < length && (bytes[at] === SPACE || bytes[at] === TAB) && bytes[at] !== delimiter) at += 1;
  return at;
}

/** Whether a field may end at `at`: a delimiter, a line break, or the end of all. MORE when the next byte would tell. */
export function boundary(
  bytes: Uint8Array,
  at: number,
  length: number,
  atEnd: boolean,
  marks: MarkBytes,
): boolean | typeof MORE {
  if (at >= length) return atEnd ? true : MORE;
  const byte = bytes[at];
  if (byte === marks.delimiter || byte === LF || byte === marks.lone) return true;
  if (byte !== CR) return false;
  if (at + 1 >= length) return atEnd ? false : MORE;
  return bytes[at + 1] === LF;
}

class Walk {
  readonly #bytes: Uint8Array;
  readonly #length: number;
  readonly #atEnd: boolean;
  readonly #marks: MarkBytes;
  readonly #reading: Reading;
  readonly #giveUp: boolean;
  /** An inner reading found no end from here on in this line: it finds none further right either. */
  #noInnerEnd = false;
  /** The line end found last. */
  #line = -1;

  constructor(bytes: Uint8Array, length: number, atEnd: boolean, marks: MarkBytes, reading: Reading, giveUp = false) {
    this.#giveUp = giveUp;
    this.#bytes = bytes;
    this.#length = length;
    this.#atEnd = atEnd;
    this.#marks = marks;
    this.#reading = reading;
  }

  /** The record from `start` on; MORE, or PAST where the reading cannot be. */
  record(start: number, onField?: OnField): RecordEnd | typeof MORE | typeof PAST {
    const bytes = this.#bytes;
    const { delimiter, lone, quote } = this.#marks;
    let at = start;
    let fields = 0;
    let lastFilled = 0;
    for (;;) {
      fields += 1;
      const opening = skipBlanks(bytes, at, this.#length, delimiter);
      let end = bytes[opening] === quote && opening < this.#length ? this.#quoted(opening, at, onField) : TEXT;
      if (end === MORE || end === PAST) return end;
      if (end === TEXT) {
        end = this.#plainEnd(at);
        if (end === this.#length && !this.#atEnd) return MORE;
        onField?.(bytes[opening] === quote && opening < end ? 'opened' : 'plain', at, this.#withoutReturn(end));
      }
      if (skipBlanks(bytes, at, end, delimiter) < this.#withoutReturn(end)) lastFilled = fields;
      if (bytes[end] === delimiter && end < this.#length) {
        at = end + 1;
        continue;
      }
      let next = end;
      if (end < this.#length) {
        const pair = bytes[end] === CR && bytes[end + 1] === LF;
        if (bytes[end] === CR && end + 1 >= this.#length && !this.#atEnd) return MORE;
        next = end + (pair ? 2 : 1);
      }
      const breaks = countBreaks(bytes, start, next, lone);
      return { end: this.#withoutReturn(end), next, breaks, fields, lastFilled };
    }
  }

  /** Where the line ends in which `from` stands: its break, or the length. */
  #lineEnd(from: number): number {
    if (this.#line > from) return this.#line;
    let at = from;
    while (at < this.#length && this.#bytes[at] !== LF && this.#bytes[at] !== this.#marks.lone) at += 1;
    this.#line = at;
    return at;
  }

  /** The next delimiter or line break (a `\r\n` at its `\n` unless lone ones count), or the length. */
  #plainEnd(from: number): number {
    const { delimiter, lone } = this.#marks;
    let at = from;
    while (at < this.#length && this.#bytes[at] !== LF && this.#bytes[at] !== delimiter && this.#bytes[at] !== lone)
      at += 1;
    return at;
  }

  #withoutReturn(end: number): number {
    return this.#bytes[end] === LF && end < this.#length && end > 0 && this.#bytes[end - 1] === CR ? end - 1 : end;
  }

  /** Where the field ends whose quote opens at `opening`; TEXT when that quote is text. */
  #quoted(opening: number, at: number, onField: OnField | undefined): number {
    const bytes = this.#bytes;
    const marks = this.#marks;
    const sameLine = this.#reading !== 'literal';
    // Looking further than the line would cost every such record the rest of the block.
    const searched = sameLine ? bytes.subarray(0, this.#lineEnd(opening)) : bytes;
    const limit = Math.min(searched.length, this.#length);
    if (sameLine && limit === this.#length && !this.#atEnd) return MORE;
    let after = afterClosing(searched, opening + 1, limit, marks);
    if (after === -1) return sameLine ? PAST : this.#atEnd || this.#giveUp ? TEXT : MORE;
    if (after >= this.#length && !this.#atEnd) return MORE;
    for (;;) {
      const end = skipBlanks(bytes, after, this.#length, marks.delimiter);
      const bound = boundary(bytes, end, this.#length, this.#atEnd, marks);
      if (bound === MORE) return MORE;
      if (bound) {
        onField?.('quoted', opening + 1, after - 1);
        return end;
      }
      if (this.#reading === 'literal') return TEXT;
      if (this.#reading === 'closed') {
        const text = this.#plainEnd(after);
        if (text === this.#length && !this.#atEnd) return MORE;
        onField?.('closed', at, this.#withoutReturn(text));
        return text;
      }
      if (this.#noInnerEnd) return TEXT;
      const further = afterClosing(searched, after, limit, marks);
      if (further === -1) {
        this.#noInnerEnd = true;
        return TEXT;
      }
      after = further;
    }
  }
}

/** True when a record has the fields of its table: as many, or more that are blank (spreadsheets add them). */
function fits({ fields, lastFilled }: RecordEnd, width: number): boolean {
  return fields >= width && lastFilled <= width;
}

/**
 * The end of a record whose quotes are odd, and how it is read: of the readings, the first that has the width of the table; where
 * none has or no width is known, the one that ends soonest. Null: more bytes are needed; with `giveUp` not for a quote that is
 * never closed. `start` must be a record's first byte.
 */
export function readOdd(
  bytes: Uint8Array,
  start: number,
  length: number,
  atEnd: boolean,
  marks: Marks,
  giveUp = false,
): { reading: Reading; end: RecordEnd } | null {
  const codes = markBytes(marks);
  const literal = new Walk(bytes, length, atEnd, codes, 'literal', giveUp).record(start);
  if (typeof literal === 'number') return null;
  const { width } = marks;
  if (width !== undefined && width !== null)
    for (const reading of ['inner', 'literal', 'closed'] as const) {
      const end = reading === 'literal' ? literal : new Walk(bytes, length, atEnd, codes, reading).record(start);
      if (end === MORE) return null;
      if (end !== PAST && fits(end, width)) return { reading, end };
    }
  return { reading: 'literal', end: literal };
}

/** The fields of one odd record, which are its bytes alone. */
export function cutOdd(record: Uint8Array, marks: Marks, reading: Reading): string[] {
  const whole = Buffer.from(record.buffer, record.byteOffset, record.length);
  const codes = markBytes(marks);
  const { quote } = marks;
  const fields: string[] = [];
  new Walk(record, record.length, true, codes, reading).record(0, (kind, from, to) => {
    const text = whole.toString('utf8', from, to);
    if (kind === 'quoted') fields.push(unescaped(text, marks));
    // `""Wang"" Ming`: quotes doubled as if the field were quoted.
    else if (kind === 'opened' && text.trimStart().startsWith(quote + quote))
      fields.push(text.trimStart().replaceAll(quote + quote, quote));
    else fields.push(text);
  });
  return fields;
}

function unescaped(text: string, { quote, escape }: Marks): string {
  if (escape === undefined || escape === quote) return text.replaceAll(quote + quote, quote);
  return text.replace(/\\([\s\S])/g, (pair, mark: string) => (mark === quote || mark === escape ? mark : pair));
}

/**
 * Whether a `\r` stands by itself outside quotes in a record, with text on both sides of it: where records end with `\n` it was most
 * likely the end of one. Doubled line breaks (`\r\r\n`) are none. Quotes that break the rule keep nothing together. `record` is its
 * bytes without line break.
 */
export function hasBareReturn(record: Uint8Array, marks: Marks, reading: Reading): boolean {
  const codes = markBytes(marks);
  const first = record.findIndex((byte) => !isWhite(byte));
  let last = record.length - 1;
  while (last >= 0 && isWhite(record[last]!)) last -= 1;
  // Fields come in order: the return found last is the next one until they have passed it. Looked for in each field, it costs a
  // record of many fields its square.
  let at = record.indexOf(CR, Math.max(first, 0));
  const isBare = (from: number, to: number): boolean => {
    if (at !== -1 && at < from) at = record.indexOf(CR, from);
    return at !== -1 && at < Math.min(to, last);
  };
  if (marks.loneReturns === true || !isBare(0, record.length)) return false;
  let found = false;
  new Walk(record, record.length, true, codes, reading).record(0, (kind, from, to) => {
    const keeps = kind === 'quoted' && afterClosing(record, from, to + 1, codes) === to + 1;
    found ||= !keeps && isBare(from, to);
  });
  return found;
}

const isWhite = (byte: number): boolean => byte === SPACE || byte === TAB || byte === CR || byte === LF;

/**
 * The last physical line, counted from the record's first (0), of a record whose quoted cell holds whole records: each of its
 * lines by itself is as wide as the table and begins like the others. 0: it holds none. `record` is its bytes without line break.
 */
export function swallowedLines(record: Uint8Array, marks: Marks): number {
  const { width } = marks;
  if (width === undefined || width === null || width < 2) return 0;
  const codes = markBytes(marks);
  const firsts: string[] = [];
  let breaks = -1;
  let from = 0;
  for (let at = 0; at <= record.length; at += 1) {
    const pair = record[at] === CR && record[at + 1] === LF;
    if (at < record.length && record[at] !== LF && !pair && record[at] !== codes.lone) continue;
    const line = record.subarray(from, at);
    breaks += 1;
    const next = at + (pair ? 2 : 1);
    if (skipBlanks(line, 0, line.length, -1) === line.length) {
      from = next;
      if (pair) at += 1;
      continue;
    }
    const end = new Walk(line, line.length, true, codes, 'literal').record(0);
    if (typeof end === 'number' || !fits(end, width)) return 0;
    firsts.push(cutOdd(line, marks, 'literal')[0] ?? '');
    if (pair) at += 1;
    from = next;
  }
  const alike = firsts.length > 1 && firsts.every((first) => looksLike(first.trim(), firsts[0]!.trim()));
  return alike ? breaks : 0;
}

/** Whether two first cells could be values of one column: the same classes of characters. In doubt they could: an invalid line is seen. */
export function looksLike(a: string, b: string): boolean {
  const classes = (text: string): string =>
    [/\d/, /\p{Script=Latin}/u, /\p{Script=Han}/u, /@/, /\s/].map((mark) => (mark.test(text) ? '1' : '0')).join('');
  return classes(a) === classes(b);
}
