// How a delimited text is written: delimiter, quote, where its header stands. Judges a sample; knows fields only
// through their headers.
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { DELIMITERS, type ShortRows } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { findHeader, knownHeaders, MAX_PREAMBLE } from './find-header.ts';
import { headerTop, joinHeader } from './joined-header.ts';
import type { Marks } from './marks.ts';
import { readRecords } from './read-records.ts';
import { needsScan, scanLines, scanRecords } from './record-scanner.ts';
import { filledWidth, isBlankRecord } from './record-shape.ts';
import type { SourceRecord } from './record.ts';

/** Records by which delimiters are compared. Fewer are fooled by long preambles; more cost time and change nothing. */
const COMPARED_RECORDS = 200;
/** A record of a sample that is longer has a quote too many. Lower takes long texts for that; higher looks at less of the file. */
const LONGEST_SAMPLED = 64 * 1024;
/** Fewer columns parted by blanks are words of a sentence. */
const LEAST_BLANK_WIDTH = 3;

export interface DialectOptions {
  channelKind: ChannelKind;
  /** Declared delimiter: one ASCII character, or `tab`. Detected when left out. */
  delimiter?: string | null;
  /** `pad`: rows with fewer fields are rows too. */
  shortRows?: ShortRows;
  /** Declared quote: one ASCII character, or `none`. Detected when left out. */
  quote?: string | null;
}

export interface Dialect extends Marks {
  /** The records of the sample, blank ones too; the last may be missing when the sample cuts it. */
  records: SourceRecord[];
  /** Index in `records` of the header; null when the first record is data already. */
  headerIndex: number | null;
  /** Index of the first of the rows that are its header together; `headerIndex` is the last. */
  headerTop: number | null;
  /** The header is likely, not sure: none of its words is known, others could be it, or it was joined from several rows. */
  headerGuessed: boolean;
  /** Lines of the sample on which a quote breaks the rule. */
  oddLines: number[];
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

interface Sample {
  records: SourceRecord[];
  /** Lines of records whose quotes break the rule. */
  odd: number[];
}

/** Whole records at the beginning of the bytes. */
function sampleRecords(bytes: Uint8Array, atEnd: boolean, marks: Marks, limit: number): Sample {
  const found: Sample = { records: [], odd: [] };
  let byteStart = 0;
  let firstLine = 1;
  // What is not read to its end by then has a quote that nothing closes: an import takes it for text, though later.
  for (let giveUp = false; ; giveUp = true) {
    const rest = bytes.subarray(byteStart);
    const scan = needsScan(rest, rest.length, marks)
      ? scanRecords(rest, rest.length, atEnd, marks, giveUp)
      : scanLines(rest, rest.length, atEnd);
    const count = Math.min(scan.starts.length, limit - found.records.length);
    const end = count < scan.starts.length ? (scan.starts[count] ?? 0) : scan.consumed;
    const block = { bytes: rest.subarray(0, end), byteStart, firstLine };
    for (const record of readRecords(block, marks).records) found.records.push(record);
    for (const index of scan.odd.keys()) if (index < count) found.odd.push(firstLine + scan.lines[index]!);
    byteStart += scan.consumed;
    firstLine += scan.lineBreaks;
    if (scan.consumed === 0 || found.records.length >= limit || bytes.length - byteStart < LONGEST_SAMPLED)
      return found;
  }
}

/** The number of fields that most records have, and the share of records that have it. */
function commonWidth(records: SourceRecord[]): { width: number; share: number } {
  const counts = new Map<number, number>();
  const filled = records.filter((record) => !isBlankRecord(record.fields));
  for (const record of filled) counts.set(record.fields.length, (counts.get(record.fields.length) ?? 0) + 1);
  const [width, count] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [1, 0];
  return { width, share: filled.length === 0 ? 0 : count / filled.length };
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

/** Quotes that are told apart; of equally frequent ones the first. */
const QUOTES = ['"', "'", '`'];

/**
 * The quote that wraps most fields. A quote other than the usual one must wrap many: at the beginning of a field alone it is a
 * spreadsheet's text mark, and in names it is an apostrophe.
 */
function detectQuote(text: string, delimiters: readonly string[]): string {
  const marks = delimiters.map((mark) => (mark === '|' ? '\\|' : mark)).join('');
  const fields = text.split(new RegExp(`[${marks}\\r\\n]`)).length;
  const wrapped = (quote: string): number =>
    text.match(new RegExp(`(?<=^|[${marks}\\r\\n])${quote}[^${quote}\\r\\n]*${quote}(?=[${marks}\\r\\n]|$)`, 'g'))
      ?.length ?? 0;
  const usual = wrapped('"');
  const others = QUOTES.slice(1).map((quote) => ({ quote, count: wrapped(quote) }));
  const best = others.reduce((a, b) => (b.count > a.count ? b : a));
  return best.count * 3 > fields && best.count > usual ? best.quote : '"';
}

/** True when a backslash makes quotes of a text follow the rule that they break without: fewer odd records, no width lost. */
function escapesByBackslash(plain: Sample, escaped: Sample): boolean {
  return (
    escaped.odd.length < plain.odd.length && commonWidth(escaped.records).share >= commonWidth(plain.records).share
  );
}

/**
 * True when a lone `\r` ends records: read so there are more of them, and no fewer are of one width. A break in quotes says
 * nothing, since it ends no record either way. Where all are one field wide each is an identifier, which holds no break.
 */
function endsByReturns(plain: Sample, returned: Sample): boolean {
  const [before, after] = [commonWidth(plain.records), commonWidth(returned.records)];
  return returned.records.length > plain.records.length && after.share >= before.share;
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
  const read = (marks: Marks): Sample => sampleRecords(sample, atEnd, marks, COMPARED_RECORDS);
  const best = (of: readonly string[]) =>
    of
      .map((delimiter) => ({ marks: { delimiter, quote }, sample: read({ delimiter, quote }) }))
      .map((candidate) => ({ ...candidate, score: score(candidate.sample.records, options.channelKind) }))
      .reduce((a, b) => (b.score > a.score ? b : a));
  let found = best(delimiters);
  // Blanks stand in every text, in phone numbers too: they part fields only where nothing else does, every record has as many, and
  // the first names some of them.
  if (found.score === 0 && declared === null) {
    const blank = best([' ']);
    const { width, share } = commonWidth(blank.sample.records);
    const named = blank.sample.records.slice(0, 1).some(({ fields }) => knownHeaders(fields, options.channelKind) > 0);
    if (named && width >= LEAST_BLANK_WIDTH && share === 1 && blank.sample.records.length > 2) found = blank;
  }
  if (quote !== '' && text.includes(`\\${quote}`)) {
    const marks = { ...found.marks, escape: '\\' };
    const escaped = read(marks);
    if (escapesByBackslash(found.sample, escaped)) found = { ...found, marks, sample: escaped };
  }
  // All records count: the break that is missed may stand anywhere. `\r\r\n` is one break, written twice.
  if (/\r(?!\r?\n)./s.test(text)) {
    const marks = { ...found.marks, loneReturns: true };
    const whole = (of: Marks) => sampleRecords(sample, atEnd, of, Number.POSITIVE_INFINITY);
    if (endsByReturns(whole(found.marks), whole(marks))) found = { ...found, marks, sample: read(marks) };
  }
  if (found.sample.records.length === 0 && sample.length > 0) {
    throw new PipelineError('record_too_long', `The first record does not end within ${sample.length} bytes.`, {
      hint: 'A quote in it may never be closed: mend it, or read the file with --quote none.',
    });
  }
  if (found.sample.records.every((record) => isBlankRecord(record.fields))) {
    const blank = sampleRecords(sample, atEnd, found.marks, Number.POSITIVE_INFINITY).records.length;
    throw new PipelineError('file_blank', 'The file holds no records, only blank lines.', {
      hint: 'Export it again.',
      details: { blank, whole: atEnd },
    });
  }
  const header = findHeader(found.sample.records, commonWidth(found.sample.records).width, options.channelKind);
  const first = found.sample.records.find((record) => !isBlankRecord(record.fields));
  const top = header === null ? null : headerTop(found.sample.records, header.index);
  const rows = header === null ? [] : found.sample.records.slice(top!, header.index + 1);
  const marks: Marks = {
    ...found.marks,
    width: header === null ? (first?.fields.length ?? 1) : filledWidth(joinHeader(rows.map(({ fields }) => fields))),
  };
  // Read again: the width decides between readings of odd quotes.
  const { records, odd } = sampleRecords(sample, atEnd, marks, Number.POSITIVE_INFINITY);
  return {
    ...marks,
    records,
    oddLines: odd,
    headerIndex: header?.index ?? null,
    headerTop: top,
    headerGuessed: (header?.guessed ?? false) || rows.length > 1,
  };
}
