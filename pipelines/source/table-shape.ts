// The shape of a table in a spool: its marks, its header, where its data begin. Knows nothing of what the columns mean
// to a contact, so that any table can be read, one without an identifier too.
import { detectDialect, type DialectOptions } from './dialect.ts';
import { joinHeader } from './joined-header.ts';
import type { FileReader } from './record-blocks.ts';
import { markBytes, marksOf, type Marks } from './marks.ts';
import { countBreaks, looksLike } from './odd-record.ts';
import { filledWidth, hasColumnCount, isBlankRecord } from './record-shape.ts';
import type { SourceRecord } from './record.ts';

/**
 * Bytes looked at. Fewer can miss the one date that tells day from month; more make `inspect` slow on a network disk.
 */
const SAMPLE_BYTES = 256 * 1024;

const LF = 10;
const CR = 13;

export interface TableSource {
  reader: FileReader;
  /** Size of the spool. */
  bytes: number;
}

export interface TableShape extends Marks {
  /** Physical line of the header, the last of them where it stands in several rows, or null when the table has none. */
  headerRow: number | null;
  /** Physical lines of all rows of the header. */
  headerRows: number[];
  /** The rows of a header that was joined from several; empty where it stands in one. */
  headerParts: string[][];
  /** The header is likely, not sure. */
  headerGuessed: boolean;
  /** Lines of the sample on which a quote breaks the rule. */
  oddLines: number[];
  /** Names of the columns, without blank ones at the end; `column 1` … where there is no header. */
  headers: string[];
  /** Records before the data, by kind. */
  skipped: { blank: number; preamble: number; header: number; footer: number };
  /** Offset and physical line of what follows the header: the first data record, or the end. */
  dataByte: number;
  dataLine: number;
  /** Offset after the data, where a second table or a remark stands behind a blank line; null: they go to the end. */
  dataEnd: number | null;
  /** Data records within the sample, blank ones too. Personal data. */
  data: SourceRecord[];
  /** Data records of the whole table that are not blank; exact when `recordsExact`, else estimated from the sample. */
  records: number;
  recordsExact: boolean;
}

async function readSample({ reader, bytes }: TableSource): Promise<Uint8Array> {
  const buffer = new Uint8Array(Math.min(SAMPLE_BYTES, bytes));
  let filled = 0;
  while (filled < buffer.length) {
    const count = await reader.read(buffer.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/** Place after a record and its line break. The next record may lie beyond the sample; its beginning does not. */
function placeAfter(record: SourceRecord, sample: Uint8Array, marks: Marks): { byte: number; line: number } {
  const end = record.byteStart + record.byteLength;
  const { lone } = markBytes(marks);
  const width = sample[end] === CR && sample[end + 1] === LF ? 2 : sample[end] === LF || sample[end] === lone ? 1 : 0;
  return { byte: end + width, line: record.line + countBreaks(sample, record.byteStart, end + width, lone) };
}

function countRecords(bytes: number, from: number, data: SourceRecord[]): Pick<TableShape, 'records' | 'recordsExact'> {
  const filled = data.filter((record) => !isBlankRecord(record.fields)).length;
  const last = data.at(-1);
  const read = last ? last.byteStart + last.byteLength - from : 0;
  const left = bytes - from - read;
  // What may be left of a table read to its end is one line break.
  if (left <= 2) return { records: filled, recordsExact: true };
  return { records: read === 0 ? 1 : Math.round((filled * (read + left)) / read), recordsExact: false };
}

/**
 * What stands behind the data: from a blank record on to the end of the file, no record has the width of the table, and none begins
 * like one of it: rows that are only cut or too long are lines, and invalid ones. Only of a file that was seen as a whole.
 */
function withoutFooter(
  data: SourceRecord[],
  width: number,
  isWhole: boolean,
): { kept: SourceRecord[]; footer: SourceRecord[] } {
  let lastFit = data.length - 1;
  while (lastFit >= 0 && (isBlankRecord(data[lastFit]!.fields) || !hasColumnCount(data[lastFit]!.fields, width)))
    lastFit -= 1;
  const blank = data.findIndex((record, index) => index > lastFit && isBlankRecord(record.fields));
  const from = blank === -1 ? -1 : data.findIndex((record, index) => index > blank && !isBlankRecord(record.fields));
  if (!isWhole || width < 2 || lastFit === -1 || from === -1) return { kept: data, footer: [] };
  const footer = data.slice(from).filter((record) => !isBlankRecord(record.fields));
  const kept = data.slice(0, from);
  const begins = kept.filter((record) => !isBlankRecord(record.fields)).map(({ fields }) => fields[0] ?? '');
  const isLine = footer.some(({ fields }) => begins.some((first) => looksLike(first.trim(), (fields[0] ?? '').trim())));
  return isLine ? { kept: data, footer: [] } : { kept, footer };
}

/** The shape of a file without a table, which has this many blank records. */
export function emptyShape(blank: number): TableShape {
  return {
    delimiter: ',',
    quote: '"',
    headerRow: null,
    headerRows: [],
    headerParts: [],
    headerGuessed: false,
    oddLines: [],
    headers: [],
    skipped: { blank, preamble: 0, header: 0, footer: 0 },
    dataByte: 0,
    dataLine: 1,
    dataEnd: null,
    data: [],
    records: 0,
    recordsExact: true,
  };
}

/**
 * The shape of a spooled table, from its first 256 KiB. Writes nothing; the same spool and options give the same shape.
 * Throws what `detectDialect` throws.
 */
export async function readTableShape(source: TableSource, options: DialectOptions): Promise<TableShape> {
  const sample = await readSample(source);
  const dialect = detectDialect(sample, sample.length >= source.bytes, options);
  const header = dialect.headerIndex === null ? undefined : dialect.records[dialect.headerIndex];
  const before = dialect.records.slice(0, dialect.headerTop ?? 0);
  const rows = header ? dialect.records.slice(dialect.headerTop!, dialect.headerIndex! + 1) : [];
  const data = dialect.records.slice(dialect.headerIndex === null ? 0 : dialect.headerIndex + 1);
  const first = header ? placeAfter(header, sample, dialect) : { byte: 0, line: 1 };
  const { kept, footer } = withoutFooter(
    data,
    dialect.width ?? 0,
    sample.length >= source.bytes && options.shortRows !== 'pad',
  );
  const blank = before.filter((record) => isBlankRecord(record.fields)).length;
  const cells = rows.map(({ fields }) => fields);
  const fields = header ? joinHeader(cells) : (data.find((record) => !isBlankRecord(record.fields))?.fields ?? []);
  return {
    ...marksOf(dialect),
    headerRow: header?.line ?? null,
    headerRows: rows.map(({ line }) => line),
    headerParts: cells.length > 1 ? cells : [],
    headerGuessed: dialect.headerGuessed,
    oddLines: dialect.oddLines,
    headers: header ? fields.slice(0, filledWidth(fields)) : fields.map((_, index) => `column ${index + 1}`),
    skipped: { blank, preamble: before.length - blank, header: rows.length, footer: footer.length },
    dataByte: first.byte,
    dataLine: first.line,
    dataEnd: footer[0]?.byteStart ?? null,
    data: kept,
    ...countRecords(footer[0]?.byteStart ?? source.bytes, first.byte, kept),
  };
}
