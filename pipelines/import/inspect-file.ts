// Looks at a spooled file once and fixes how it will be read: dialect, columns, key, date format. Writes nothing; later
// steps follow the plan.
import { guessAttributeType } from '../values/attributes.ts';
import { isPhoneCountry } from '../values/phone.ts';
import { canonicalTimeZone } from '../values/time-zone.ts';
import { isBlankCell } from '../values/cell-text.ts';
import type { ColumnTarget, MatchKey } from '../../contracts/contact-fields.ts';
import { KINDS, type ChannelKind } from '../../contracts/channel-kinds.ts';
import type { DecimalMark, ShortRows } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { mapHeaders, nameColumns, targetName } from './header-mapping.ts';
import type { AttributeDefinition, ColumnReason, MappedColumn, Mapping } from './column-meaning.ts';
import { fitAttributes } from './attribute-fit.ts';
import { findForms } from './column-forms.ts';
import { fileWarnings } from './file-warnings.ts';
import { valueMeanings } from '../source/headerless.ts';
import { findNamedAttributes } from './named-attributes.ts';
import { marksOf } from '../source/marks.ts';
import type { NormalisePlan } from './staged-row.ts';
import type { SourceRecord } from '../source/record.ts';
import { isBlankRecord } from '../source/record-shape.ts';
import { readTableShape, type TableShape, type TableSource } from '../source/table-shape.ts';

const SAMPLE_ROWS = 5;

export interface InspectSource extends TableSource {
  /** Encoding of the original, for the profile. */
  encoding: string;
  /** See `Spooled`. */
  lostCharacters?: number;
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
  decimalMark?: DecimalMark | null;
  tagSeparator?: string;
  clearEmpty?: boolean;
  shortRows?: ShortRows;
  definitions?: AttributeDefinition[];
  createAttributes?: boolean;
}

export interface ProfileColumn {
  header: string;
  target: ColumnTarget;
  /** The target as one word, or null when the column is not imported. */
  field: string | null;
  confidence: number;
  why: ColumnReason;
}

/** What was found; everything but the data themselves. Small enough for Temporal, and free of personal data. */
export interface FileProfile extends Omit<TableShape, 'data'> {
  encoding: string;
  columns: ProfileColumn[];
  plan: NormalisePlan;
  newAttributes: AttributeDefinition[];
  /** What a person should know before the file acts, as sentences; see file-warnings.ts. */
  warnings: string[];
}

export interface InspectedFile {
  profile: FileProfile;
  /** The first records, for a person's eyes only: personal data, never to enter Temporal or a log. */
  sample: string[][];
}

function columnSamples(records: SourceRecord[], column: number): string[] {
  return records.map((record) => record.fields[column] ?? '').filter((value) => !isBlankCell(value));
}

/**
 * The identifier of a file: what was asked for, else the first of social id, member id, e-mail, phone that a column
 * gives.
 */
function chooseKey(columns: MappedColumn[], options: InspectOptions, headerParts: string[][]): MatchKey {
  const fields = new Set(columns.map((column) => targetName(column.target)));
  const hasAddress = fields.has('social_id') || fields.has(KINDS[options.channelKind].addressField);
  const has = (key: MatchKey): boolean => (key === 'social_id' ? hasAddress : fields.has(key));
  const keys: MatchKey[] = options.matchBy ? [options.matchBy] : ['social_id', 'member_id', 'email', 'phone'];
  const found = keys.find(has);
  if (found) return found;
  const wanted = options.matchBy ? `gives the ${options.matchBy}` : 'identifies the contact';
  const named = nameColumns({ headers: columns.map((column) => column.header), headerParts }, options.channelKind);
  throw new PipelineError('no_identifier', `No column of the file ${wanted}.`, {
    hint: `Name one, for example --map ${options.matchBy ?? 'social_id'}=COLUMN. ${named}`,
  });
}

/** Whether every number among the member IDs of the sample ends with `.0`. */
function areFloats(columns: MappedColumn[], data: SourceRecord[]): boolean {
  const column = columns.findIndex(({ target }) => target.kind === 'field' && target.field === 'member_id');
  const numbers = column === -1 ? [] : columnSamples(data, column).filter((cell) => /^\s*\d+(?:\.\d+)?\s*$/.test(cell));
  return numbers.length > 0 && numbers.every((cell) => /\.0$/.test(cell.trim()));
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

/**
 * What each column of a table means, by the user's map, its header or, where there is none, the form of its values. `clashes`: see
 * `MappingOptions`. Throws what `mapHeaders` throws.
 */
export function mapColumns(
  shape: Pick<TableShape, 'headers' | 'headerParts' | 'headerRow'>,
  data: SourceRecord[],
  options: InspectOptions,
  timeZone: string,
  clashes?: PipelineError[],
): Mapping {
  const { headers } = shape;
  const asked = options.map ?? {};
  const forms = { timeZone, format: options.dateFormat ?? null, decimalMark: options.decimalMark ?? null };
  const map = shape.headerRow === null ? valueMeanings(headers, data, options) : asked;
  const mapping = mapHeaders(headers, {
    channelKind: options.channelKind,
    headerParts: shape.headerParts,
    map,
    definitions: options.definitions ?? [],
    createAttributes: options.createAttributes ?? false,
    guessType: (column) => guessAttributeType(columnSamples(data, column), forms),
    ...(clashes === undefined ? {} : { clashes }),
  });
  const byForm = (column: MappedColumn): boolean =>
    column.why === 'map' && !((targetName(column.target) ?? '') in asked);
  const columns = mapping.columns.map((column) =>
    byForm(column) && map !== asked ? { ...column, why: 'form' as const } : column,
  );
  return { ...mapping, columns };
}

/**
 * Fixes how a spool is read. Reads its first 256 KiB; the same spool and options give the same profile. `profile` holds
 * headers, counts and the plan, but no cell of the data; `sample` does. Throws PipelineError `no_identifier`,
 * `date_format_ambiguous`, `date_format_invalid`, `country_unknown`, `time_zone_unknown`, and what `readTableShape` and
 * `mapHeaders` throw.
 */
export async function inspectFile(source: InspectSource, options: InspectOptions): Promise<InspectedFile> {
  const timeZone = checkOptions(options);
  const { data, ...shape } = await readTableShape(source, options);
  const samples = (column: number) => columnSamples(data, column);
  const declared = { dateFormat: options.dateFormat ?? null, decimalMark: options.decimalMark ?? null };
  const { columns: mapped, newAttributes } = mapColumns(shape, data, options, timeZone);
  const forms = { timeZone, format: declared.dateFormat, decimalMark: declared.decimalMark };
  const fitted = fitAttributes(mapped, samples, forms);
  const named = findNamedAttributes(fitted.columns, samples, {
    ...forms,
    definitions: options.definitions ?? [],
    createAttributes: options.createAttributes ?? false,
  });
  const { columns } = named;
  const { warnings, ...found } = findForms(columns, samples, declared);
  const plan: NormalisePlan = {
    channelKind: options.channelKind,
    defaultCountry: options.defaultCountry,
    timeZone,
    ...marksOf(shape),
    shortRows: options.shortRows ?? 'invalid',
    lostCharacters: (source.lostCharacters ?? 0) > 0,
    columns: columns.map((column) => column.target),
    floatedIds: areFloats(columns, data),
    matchBy: chooseKey(columns, options, shape.headerParts),
    tagSeparator: options.tagSeparator ?? ',',
    ...found,
    ...(named.named === null ? {} : { namedAttributes: named.named }),
    clearEmpty: options.clearEmpty ?? false,
  };
  const sample = data.filter((record) => !isBlankRecord(record.fields)).slice(0, SAMPLE_ROWS);
  return {
    profile: {
      ...shape,
      encoding: source.encoding,
      columns: columns.map((column) => ({ ...column, field: targetName(column.target) })),
      plan,
      newAttributes: [...newAttributes, ...named.created],
      warnings: [
        ...fileWarnings(columns, plan, samples, { map: options.map ?? {}, matchBy: options.matchBy ?? null }),
        ...fitted.warnings,
        ...named.warnings,
        ...warnings,
      ],
    },
    sample: sample.map((record) => record.fields),
  };
}
