// Looks at a spooled file of tag events once and fixes how it will be read: CSV or JSON Lines, columns, key, date format.
// Writes nothing; later steps follow the plan.
import { compileDateFormat, detectDateFormat } from '../values/date-format.ts';
import { isBlankCell } from '../values/cell-text.ts';
import { canonicalTimeZone } from '../values/time-zone.ts';
import type { Channel } from '../../contracts/channel.ts';
import { MATCH_KEYS } from '../../contracts/contact-fields.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { TagImportInput } from '../../contracts/tag-import.ts';
import type { SkippedCounts } from '../../contracts/import.ts';
import { valueMeanings } from '../source/headerless.ts';
import { marksOf, type Marks } from '../source/marks.ts';
import { scanLines } from '../source/record-scanner.ts';
import { readTableShape, type TableSource } from '../source/table-shape.ts';
import { parseObject, textOf } from '../source/json-line.ts';
import { findTagColumns } from './tag-columns.ts';
import type { Place, TagPlan, TagProfile } from './tag-plan.ts';

/** Bytes looked at. Fewer can miss the one date that tells day from month, or a key that only some objects have. */
const SAMPLE_BYTES = 256 * 1024;
/** An event may lie this far after the start of its import: clocks of other systems go wrong by minutes, not by days. */
const AHEAD_MS = 3_600_000;

/** A table or a list of objects, as far as columns must be known. */
interface Shape extends Marks, Pick<TagProfile, 'headers' | 'headerParts' | 'dataByte' | 'dataLine' | 'dataEnd'> {
  format: TagPlan['format'];
  skipped: SkippedCounts;
  hasHeader: boolean;
  /** Cells of the first records, by column. */
  cells: string[][];
}

/**
 * Fixes how a spool is read. The same spool, options and start give the same profile, which holds no cell of the data.
 * @throws PipelineError `time_zone_unknown`, `date_format_ambiguous`, `date_format_invalid`, and what `findTagColumns` and
 * `readTableShape` throw
 */
export async function inspectTags(
  source: TableSource & { encoding: string; lostCharacters?: number },
  input: TagImportInput,
  channel: Channel,
  startedAt: Date,
): Promise<{ profile: TagProfile; skipped: SkippedCounts }> {
  const timeZone = canonicalTimeZone(input.timeZone ?? channel.timeZone);
  if (timeZone === null)
    throw new PipelineError('time_zone_unknown', `“${input.timeZone ?? channel.timeZone}” is not a time zone.`, {
      hint: 'Use an IANA name, such as Asia/Taipei.',
    });
  const shape = (await jsonShape(source)) ?? (await csvShape(source, input, channel));
  const { headers, headerParts = [], format, delimiter, quote, dataByte, dataLine, dataEnd = null } = shape;
  const facts = { channelKind: channel.kind, defaultCountry: channel.defaultCountry };
  const found = findTagColumns({
    headers,
    headerParts,
    channelKind: channel.kind,
    map: mapOf(shape, input, channel),
    matchBy: input.matchBy,
  });
  const place = (column: number): Place => (format === 'csv' ? column : headers[column]!);
  const placeOrNull = (column: number | null) => (column === null ? null : place(column));
  const plan: TagPlan = {
    ...facts,
    format,
    timeZone,
    dateFormat: chooseDateFormat(
      shape.cells.map((fields) => fields[found.time] ?? '').filter((cell) => !isBlankCell(cell)),
      input.dateFormat,
    ),
    ...marksOf(shape),
    shortRows: input.shortRows,
    lostCharacters: (source.lostCharacters ?? 0) > 0,
    columns: format === 'csv' ? headers.length : 0,
    matchBy: found.matchBy,
    key: place(found.key),
    tag: place(found.tag),
    time: place(found.time),
    source: placeOrNull(found.source),
    messageId: placeOrNull(found.messageId),
    kind: placeOrNull(found.kind),
    defaultSource: input.source,
    latest: new Date(startedAt.getTime() + AHEAD_MS).toISOString(),
  };
  return {
    profile: { encoding: source.encoding, delimiter, quote, headers, headerParts, plan, dataByte, dataLine, dataEnd },
    skipped: shape.skipped,
  };
}

/** In a file without a header values may show several identifiers: the one asked for counts, else the first. */
function mapOf({ headers, cells, hasHeader }: Shape, input: TagImportInput, channel: Channel): Record<string, string> {
  if (hasHeader || ['contact', ...MATCH_KEYS].some((key) => input.map[key] !== undefined)) return input.map;
  const records = cells.map((fields) => ({ line: 0, byteStart: 0, byteLength: 0, fields }));
  const options = { channelKind: channel.kind, defaultCountry: channel.defaultCountry, map: input.map };
  const shown: Record<string, string | undefined> = valueMeanings(headers, records, options);
  const key = (input.matchBy ? [input.matchBy] : MATCH_KEYS).find((name) => shown[name] !== undefined);
  return key === undefined ? input.map : { ...input.map, [key]: shown[key]! };
}

async function csvShape(source: TableSource, input: TagImportInput, channel: Channel): Promise<Shape> {
  const table = await readTableShape(source, { ...input, channelKind: channel.kind });
  const { headers, headerParts, dataByte, dataLine, dataEnd, skipped } = table;
  return {
    format: 'csv',
    headers,
    headerParts,
    ...marksOf(table),
    dataByte,
    dataLine,
    dataEnd,
    skipped,
    hasHeader: table.headerRow !== null,
    cells: table.data.map((record) => record.fields),
  };
}

/** The keys of the first objects; null when the text does not begin with one. */
async function jsonShape(source: TableSource): Promise<Shape | null> {
  const sample = new Uint8Array(Math.min(SAMPLE_BYTES, source.bytes));
  let filled = 0;
  while (filled < sample.length) {
    const count = await source.reader.read(sample.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  const text = Buffer.from(sample.buffer, 0, filled);
  const head = text.toString('utf8', 0, 4096);
  if (/^\s*\[\s*\{/.test(head))
    throw new PipelineError('json_lines_invalid', 'The file is one JSON list.', {
      hint: 'JSON Lines has one object a line and no list around them; write it so (jq -c ".[]").',
    });
  if (!/^\s*\{/.test(head)) return null;
  const { starts, ends } = scanLines(sample, filled, filled >= source.bytes);
  const lines = starts.map((start, index) => text.toString('utf8', start, ends[index]));
  const objects = lines.flatMap((line) => {
    const object = parseObject(line);
    return object === null ? [] : [{ object, line }];
  });
  if (objects.length === 0)
    throw new PipelineError(
      'json_lines_invalid',
      'The file begins with { and none of its first lines is a JSON object.',
      {
        hint: 'JSON Lines has one object a line, without line breaks inside; write it so (jq -c .).',
      },
    );
  const headers = [...new Set(objects.flatMap(({ object }) => Object.keys(object)))];
  return {
    format: 'json',
    headers,
    // No mark that could be found in a line: records end at line breaks only.
    delimiter: ',',
    quote: '',
    dataByte: 0,
    dataLine: 1,
    skipped: { blank: 0, preamble: 0, header: 0, footer: 0 },
    hasHeader: true,
    cells: objects.map(({ object, line }) => headers.map((key) => textOf(object, key, line) ?? '')),
  };
}

/** The date format of the time column: declared, or found in it. Refuses to guess. */
function chooseDateFormat(samples: string[], declared: string | null): string | null {
  if (declared !== null) {
    compileDateFormat(declared);
    return declared;
  }
  const format = detectDateFormat(samples);
  if (format !== 'ambiguous') return format;
  throw new PipelineError('date_format_ambiguous', 'The times can be read in more than one way.', {
    hint: 'Declare how they are written, for example --date-format "dd/MM/yyyy HH:mm" or MM/dd/yyyy (rrr for ROC years).',
  });
}
