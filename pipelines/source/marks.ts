// How a delimited text is written: the characters that have a meaning in it. Plain data, stored with what is read by it.

import type { ShortRows } from '../../contracts/import.ts';

const CR = 13;

/** The marks of a delimited text: one ASCII character each; an empty quote means that nothing is quoted. */
export interface Marks {
  delimiter: string;
  quote: string;
  /** What makes a quote inside quotes text: the quote itself (default), or a backslash. */
  escape?: string;
  /** A lone `\r` ends a record, as `\n` and `\r\n` do. */
  loneReturns?: boolean;
  /** Fields of a record of the table: decides how odd quotes are read. Null, left out: not known. */
  width?: number | null;
}

/** How records of a text become lines. What is left out, as in plans of before, is not so. */
export interface RecordRules extends Marks {
  shortRows?: ShortRows;
  /** Characters of the file could not be read: U+FFFD stands for each, and a key or name with one is none. */
  lostCharacters?: boolean;
}

/** The marks of whatever has a dialect, for a scan: a plan, a profile, a table's shape. */
export function marksOf({ delimiter, quote, escape, loneReturns, width }: Marks): Marks {
  return {
    delimiter,
    quote,
    ...(escape === undefined ? {} : { escape }),
    ...(loneReturns === undefined ? {} : { loneReturns }),
    ...(width === undefined ? {} : { width }),
  };
}

/** The marks of a text as byte values; -1: there is none. */
export interface MarkBytes {
  delimiter: number;
  quote: number;
  escape: number;
  /** 13 where a lone `\r` ends a record too. */
  lone: number;
}

export function markBytes(marks: Marks): MarkBytes {
  const quote = marks.quote === '' ? -1 : marks.quote.charCodeAt(0);
  return {
    delimiter: marks.delimiter.charCodeAt(0),
    quote,
    escape: marks.escape === undefined || quote === -1 ? quote : marks.escape.charCodeAt(0),
    lone: marks.loneReturns === true ? CR : -1,
  };
}
