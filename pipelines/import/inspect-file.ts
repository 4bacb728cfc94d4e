// Looks at a spooled file once and fixes how it will be read: dialect, columns, key, date format. Writes nothing; later
// steps follow the plan.
import { compileDateFormat, detectDateFormat } from '../contacts/date-format.ts';
import { guessAttributeType } from '../contacts/attributes.ts';
import { isPhoneCountry } from '../contacts/phone.ts';
import { canonicalTimeZone } from '../contacts/time-zone.ts';
import { isBlankCell } from '../contacts/cell-text.ts';
import type { ChannelKind, ColumnTarget, MatchKey } from '../contracts/contact-fields.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { detectDialect, type Dialect } from './dialect.ts';
import { mapHeaders, targetName, type AttributeDefinition, type MappedColumn } from './header-mapping.ts';
import { valueMeanings } from './headerless.ts';
import type { FileReader } from './record-blocks.ts';
import type { NormalisePlan, SourceRecord } from './staged-row.ts';

/**
 * Bytes looked at. Fewer can miss the one date that tells day from month; more make `inspect` slow on a network disk.
 */
const SAMPLE_BYTES = 256 * 1024;
const SAMPLE_ROWS = 5;

export interface InspectSource {
  reader: FileReader;
  /** Size of the spool. */
  bytes: number;
  /** Encoding of the original, for the profile. */
  encoding: string;
}

export interface InspectOptions {
  channelKind: ChannelKind;
  defaultCountry: string;
  timeZone: string;
  map?: Record<string, string>;
  /** null or left out: found in the file. */
  delimiter?: string | null;
  quote?: string | null;
  matchBy?: MatchKey | null;
  dateFormat?: string | null;
  tagSeparator?: string;
  clearEmpty?: boolean;
  definitions?: AttributeDefinition[];
  createAttributes?: boolean;
}

export interface ProfileColumn {
  header: string;
  target: ColumnTarget;
  /** The target as one word, or null when the column is not imported. */
  field: string | null;
  confidence: number;
}

export interface FileProfile {
  encoding: string;
  delimiter: string;
  quote: string;
  /** Physical line of the header, or null when the file has none. */
  headerRow: number | null;
  /** Headers of the columns, in file order (`column 1` … where there is none). */
  headers: string[];
  columns: ProfileColumn[];
  /** Data records; exact when `recordsExact`, else estimated from the sample. */
  records: number;
  recordsExact: boolean;
  /** Records before the first data record, by kind. Blank ones among the data are counted by normalising. */
  skipped: { blank: number; preamble: number; header: number; footer: number };
  plan: NormalisePlan;
  newAttributes: AttributeDefinition[];
  /** Offset and physical line of the first record after the header. */
  dataByte: number;
  dataLine: number;
}

export interface InspectedFile {
  profile: FileProfile;
  /** The first records, for a person's eyes only: personal data, never to enter Temporal or a log. */
  sample: string[][];
}

async function readSample(source: InspectSource): Promise<Uint8Array> {
  const buffer = new Uint8Array(Math.min(SAMPLE_BYTES, source.bytes));
  let filled = 0;
  while (filled < buffer.length) {
    const count = await source.reader.read(buffer.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

function columnSamples(records: SourceRecord[], column: number): string[] {
  return records.map((record) => record.fields[column] ?? '').filter((value) => !isBlankCell(value));
}

function trimTrailingBlank(headers: string[]): string[] {
  let width = headers.length;
  while (width > 1 && isBlankCell(headers[width - 1] ?? '')) width -= 1;
  return headers.slice(0, width);
}

/**
 * The identifier of a file: what was asked for, else the first of social id, member id, e-mail, phone that a column
 * gives.
 */
function chooseKey(columns: MappedColumn[], options: InspectOptions): MatchKey {
  const fields = new Set(columns.map((column) => targetName(column.target)));
  const hasAddress = fields.has('social_id') || (options.channelKind === 'whatsapp' && fields.has('phone'));
  const has = (key: MatchKey): boolean => (key === 'social_id' ? hasAddress : fields.has(key));
  const keys: MatchKey[] = options.matchBy ? [options.matchBy] : ['social_id', 'member_id', 'email', 'phone'];
  const found = keys.find(has);
  if (found) return found;
  const wanted = options.matchBy ? `gives the ${options.matchBy}` : 'identifies the contact';
  const headers = columns.map((column) => `“${column.header.trim()}”`).join(', ');
  throw new PipelineError('no_identifier', `No column of the file ${wanted}.`, {
    hint: `Name one, for example --map ${options.matchBy ?? 'social_id'}=COLUMN. The columns are ${headers}.`,
  });
}

/** The date format of the file: declared, or found in its date columns. Refuses to guess. */
function chooseDateFormat(columns: MappedColumn[], data: SourceRecord[], declared: string | null): string | null {
  if (declared !== null) {
    compileDateFormat(declared);
    return declared;
  }
  const dated = columns.flatMap(({ target, header }, index) => {
    const isTime =
      target.kind === 'field' && (target.field === 'subscribed_since' || target.field === 'last_interaction_at');
    const isDate = target.kind === 'attribute' && (target.type === 'date' || target.type === 'datetime');
    return isTime || isDate ? [{ header, samples: columnSamples(data, index) }] : [];
  });
  const format = detectDateFormat(dated.flatMap((column) => column.samples));
  if (format !== 'ambiguous') return format;
  const names = dated
    .filter((column) => detectDateFormat(column.samples) !== null)
    .map((column) => `“${column.header.trim()}”`);
  throw new PipelineError(
    'date_format_ambiguous',
    `The dates in ${names.join(', ')} can be read in more than one way.`,
    {
      hint: 'Declare how they are written, for example --date-format dd/MM/yyyy or MM/dd/yyyy (rrr for ROC years).',
    },
  );
}

function checkOptions(options: InspectOptions): string {
  if (!isPhoneCountry(options.defaultCountry)) {
    throw new PipelineError('country_unknown', `“${options.defaultCountry}” is not a country code.`, {
      hint: 'Use two capital letters, such as TW.',
    });
  }
  const timeZone = canonicalTimeZone(options.timeZone);
  if (timeZone !== null) return timeZone;
  throw new PipelineError('time_zone_unknown', `“${options.timeZone}” is not a time zone.`, {
    hint: 'Use an IANA name, such as Asia/Taipei.',
  });
}

/** Where the data begin: after the header, or at the first record. */
function dataStart(
  dialect: Dialect,
  dialectEnd: { byte: number; line: number },
): { byte: number; line: number; first: number } {
  const first = dialect.headerIndex === null ? 0 : dialect.headerIndex + 1;
  const record = dialect.records[first];
  return record ? { byte: record.byteStart, line: record.line, first } : { ...dialectEnd, first };
}

/**
 * Fixes how a spool is read. Reads its first 256 KiB; the same spool and options give the same profile. `profile` holds
 * headers, counts and the plan, but no cell of the data; `sample` does. Throws PipelineError `no_identifier`,
 * `date_format_ambiguous`, `date_format_invalid`, `country_unknown`, `time_zone_unknown`, and what `detectDialect` and
 * `mapHeaders` throw.
 */
export async function inspectFile(source: InspectSource, options: InspectOptions): Promise<InspectedFile> {
  const timeZone = checkOptions(options);
  const bytes = await readSample(source);
  const whole = bytes.length >= source.bytes;
  const dialect = detectDialect(bytes, whole, options);
  const headerRecord = dialect.headerIndex === null ? undefined : dialect.records[dialect.headerIndex];
  const before = dialect.records.slice(0, dialect.headerIndex ?? 0);
  const start = dataStart(dialect, { byte: source.bytes, line: (dialect.records.at(-1)?.line ?? 1) + 1 });
  const data = dialect.records.slice(start.first);
  const headers = headerRecord
    ? trimTrailingBlank(headerRecord.fields)
    : (dialect.records.find((record) => !record.fields.every(isBlankCell))?.fields ?? []).map(
        (_, index) => `column ${index + 1}`,
      );
  const dateOptions = { timeZone, format: options.dateFormat ?? null };
  const { columns, newAttributes } = mapHeaders(headers, {
    channelKind: options.channelKind,
    map: headerRecord ? (options.map ?? {}) : valueMeanings(headers, data, options),
    definitions: options.definitions ?? [],
    createAttributes: options.createAttributes ?? false,
    guessType: (column) => guessAttributeType(columnSamples(data, column), dateOptions),
  });
  const plan: NormalisePlan = {
    channelKind: options.channelKind,
    defaultCountry: options.defaultCountry,
    timeZone,
    delimiter: dialect.delimiter,
    quote: dialect.quote,
    columns: columns.map((column) => column.target),
    matchBy: chooseKey(columns, options),
    tagSeparator: options.tagSeparator ?? ',',
    dateFormat: chooseDateFormat(columns, data, options.dateFormat ?? null),
    clearEmpty: options.clearEmpty ?? false,
  };
  const blank = before.filter((record) => record.fields.every(isBlankCell)).length;
  const filled = data.filter((record) => !record.fields.every(isBlankCell));
  const profile: FileProfile = {
    encoding: source.encoding,
    delimiter: dialect.delimiter,
    quote: dialect.quote,
    headerRow: headerRecord?.line ?? null,
    headers,
    columns: columns.map((column) => ({ ...column, field: targetName(column.target) })),
    ...countRecords(source, start.byte, data, filled),
    skipped: { blank, preamble: before.length - blank, header: headerRecord ? 1 : 0, footer: 0 },
    plan,
    newAttributes,
    dataByte: start.byte,
    dataLine: start.line,
  };
  return { profile, sample: filled.slice(0, SAMPLE_ROWS).map((record) => record.fields) };
}

function countRecords(
  source: InspectSource,
  dataByte: number,
  data: SourceRecord[],
  filled: SourceRecord[],
): Pick<FileProfile, 'records' | 'recordsExact'> {
  const last = data.at(-1);
  if (!last) return { records: 0, recordsExact: true };
  const read = last.byteStart + last.byteLength - dataByte;
  const rest = source.bytes - dataByte - read;
  if (rest <= 2) return { records: filled.length, recordsExact: true };
  return { records: Math.round((filled.length * (read + rest)) / Math.max(1, read)), recordsExact: false };
}
