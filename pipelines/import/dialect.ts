// How a delimited text is written: delimiter, quote, where its header stands. Judges a sample; knows fields only
// through their headers.
import type { ChannelKind } from '../contracts/contact-fields.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { isBlankCell } from '../contacts/cell-text.ts';
import { meaningOf } from './header-words.ts';
import { readRecords } from './read-records.ts';
import { hasQuote, scanLines, scanRecords, type Marks } from './record-scanner.ts';
import type { SourceRecord } from './staged-row.ts';

const DELIMITERS = [',', ';', '\t', '|'];
/** Records by which delimiters are compared. Fewer are fooled by long preambles; more cost time and change nothing. */
const COMPARED_RECORDS = 200;
/**
 * A header is not looked for beyond this record. Lower misses reports with long titles; higher takes data for headers.
 */
const MAX_PREAMBLE = 20;

export interface DialectOptions {
  channelKind: ChannelKind;
  /** Declared delimiter: one ASCII character, or `tab`. Detected when left out. */
  delimiter?: string | null;
  /** Declared quote: one ASCII character, or `none`. Detected when left out. */
  quote?: string | null;
}

export interface Dialect extends Marks {
  /** The records of the sample, blank ones too; the last may be missing when the sample cuts it. */
  records: SourceRecord[];
  /** Index in `records` of the header; null when the first record is data already. */
  headerIndex: number | null;
}

/** The character a person declares (`tab`, `\t`, `;`). Throws PipelineError `delimiter_invalid`. */
export function parseDelimiter(text: string): string {
  const mark = /^(?:tab|\\t)$/i.test(text) ? '\t' : text;
  if (/^[\t -~]$/.test(mark) && !/["\r\n]/.test(mark)) return mark;
  throw new PipelineError('delimiter_invalid', `“${text}” cannot be a delimiter.`, {
    hint: 'Give one ASCII character, such as , ; | or the word tab.',
  });
}

function parseQuote(text: string): string {
  if (text === '' || text === 'none') return '';
  if (/^[!-~]$/.test(text)) return text;
  throw new PipelineError('quote_invalid', `“${text}” cannot be a quote.`, {
    hint: 'Give one ASCII character, or none.',
  });
}

/** Whole records at the beginning of the bytes. An unclosed quote ends them. */
function sampleRecords(bytes: Uint8Array, atEnd: boolean, marks: Marks, limit: number): SourceRecord[] {
  const scan = hasQuote(bytes, bytes.length, marks.quote)
    ? scanRecords(bytes, bytes.length, atEnd, marks)
    : scanLines(bytes, bytes.length, atEnd);
  const count = Math.min(scan.starts.length, limit);
  const end = count < scan.starts.length ? (scan.starts[count] ?? 0) : scan.consumed;
  return readRecords({ bytes: bytes.subarray(0, end), byteStart: 0, firstLine: 1 }, marks).records;
}

function isBlank(record: SourceRecord): boolean {
  return record.fields.every(isBlankCell);
}

/** Fields up to the last that is not blank. */
function filledWidth(fields: string[]): number {
  let width = fields.length;
  while (width > 1 && isBlankCell(fields[width - 1] ?? '')) width -= 1;
  return width;
}

/** The number of fields that most records have, and the share of records that have it. */
function commonWidth(records: SourceRecord[]): { width: number; share: number } {
  const counts = new Map<number, number>();
  const filled = records.filter((record) => !isBlank(record));
  for (const record of filled) counts.set(record.fields.length, (counts.get(record.fields.length) ?? 0) + 1);
  const [width, count] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [1, 0];
  return { width, share: filled.length === 0 ? 0 : count / filled.length };
}

function knownHeaders(fields: string[], kind: ChannelKind): number {
  return new Set(fields.map((field) => meaningOf(field, kind)?.meaning).filter(Boolean)).size;
}

/** Words of the dictionary count most, then that nearly all records have one width, then that width. */
function score(records: SourceRecord[], kind: ChannelKind): number {
  const { width, share } = commonWidth(records);
  if (width === 1) return 0;
  const words = Math.max(
    ...records
      .slice(0, MAX_PREAMBLE)
      .map((record) => (record.fields.length === 1 ? 0 : knownHeaders(record.fields, kind))),
  );
  return share + Math.min(width, 20) / 50 + words / 2;
}

/**
 * A single quote is a quote only where fields are wrapped in it; at the beginning alone it is a spreadsheet's text
 * mark.
 */
function detectQuote(text: string, delimiters: string[]): string {
  if (text.includes('"')) return '"';
  const wrapped = text.match(/(?<=^|[,;\t|])'[^'\r\n]*'(?=[,;\t|\r\n]|$)/gm)?.length ?? 0;
  const fields = text.split(
    new RegExp(`[${delimiters.map((mark) => (mark === '|' ? '\\|' : mark)).join('')}\\n]`),
  ).length;
  return wrapped * 3 > fields ? "'" : '"';
}

/** True for a value that no header has: an e-mail address, a LINE id, a number of eight digits or more. */
export function looksLikeValue(cell: string): boolean {
  const text = cell.normalize('NFKC').trim();
  return (
    /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text) || /^[UCR][0-9a-f]{32}$/i.test(text) || /^\+?[\d\s()-]{8,}$/.test(text)
  );
}

/**
 * The header: the record with most known words; else the first that is as wide as the data and well filled; null if
 * that is data.
 */
function findHeader(records: SourceRecord[], kind: ChannelKind): number | null {
  const { width } = commonWidth(records);
  const candidates = records.slice(0, MAX_PREAMBLE).map((record, index) => ({
    index,
    blank: isBlank(record),
    value: record.fields.some(looksLikeValue),
    words: knownHeaders(record.fields, kind),
    filled: record.fields.filter((field) => !isBlankCell(field)).length,
    // A header is one line of its table: nearly as wide as the records below it, not a title above them.
    wide: filledWidth(record.fields) * 2 > width || record.fields.length === width,
  }));
  const named = candidates.filter((candidate) => candidate.words > 0 && candidate.wide && !candidate.value);
  const best = Math.max(0, ...named.map((candidate) => candidate.words));
  const known = named.find((candidate) => candidate.words === best);
  if (known) return known.index;
  const first = candidates.find(
    (candidate) => !candidate.blank && candidate.wide && (width === 1 || candidate.filled * 2 > width),
  );
  return first && !first.value ? first.index : null;
}

/**
 * The dialect of a text from its first bytes (UTF-8, from offset 0). `atEnd`: the sample is the whole text. Same bytes,
 * same answer. Throws PipelineError `delimiter_invalid`, `quote_invalid`, `record_too_long`, `file_blank` (no record
 * that is not blank).
 */
export function detectDialect(sample: Uint8Array, atEnd: boolean, options: DialectOptions): Dialect {
  const text = new TextDecoder().decode(sample);
  // Excel's own declaration in the first line.
  const declared = options.delimiter ?? /^"?sep=(.)"?\r?\n/i.exec(text)?.[1] ?? null;
  const delimiters = declared === null ? DELIMITERS : [parseDelimiter(declared)];
  const quote =
    options.quote === undefined || options.quote === null ? detectQuote(text, delimiters) : parseQuote(options.quote);
  const read = delimiters.map((delimiter) => ({
    delimiter,
    records: sampleRecords(sample, atEnd, { delimiter, quote }, COMPARED_RECORDS),
  }));
  const scored = read.map((candidate) => ({ ...candidate, score: score(candidate.records, options.channelKind) }));
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  if (best.records.length === 0 && sample.length > 0) {
    throw new PipelineError('record_too_long', `The first record does not end within ${sample.length} bytes.`, {
      hint: 'A quote in it may never be closed: mend it, or read the file with --quote none.',
    });
  }
  if (best.records.every(isBlank)) {
    throw new PipelineError('file_blank', 'The file holds no records, only blank lines.', { hint: 'Export it again.' });
  }
  return {
    delimiter: best.delimiter,
    quote,
    records: sampleRecords(sample, atEnd, { delimiter: best.delimiter, quote }, Number.POSITIVE_INFINITY),
    headerIndex: findHeader(best.records, options.channelKind),
  };
}
