// What each column of a file means: by its header, or as the user says with `map`. Looks at no data but samples for new
// attributes' types.
import type { ColumnTarget, NamePart } from '../../contracts/contact-fields.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { isNameShort } from '../values/tag-list.ts';
import { isBinding } from '../values/binding-words.ts';
import { headerKey, nameOf, plainHeader } from '../values/header-key.ts';
import { meaningOf } from '../values/header-words.ts';
import { shortNames, speakingNames, type ColumnNames } from '../source/joined-header.ts';
import { mapOption } from '../values/map-option.ts';
import { parseTarget } from './map-target.ts';
import { namePartOf } from '../values/name-parts.ts';
import type { AttributeDefinition, ColumnReason, MappedColumn, Mapping, MappingOptions } from './column-meaning.ts';

/** A column that is read and not imported. */
export const ignoredColumn = (header: string, why: ColumnReason): MappedColumn => ({
  header,
  target: { kind: 'ignored' },
  confidence: 0,
  why,
});

/** A target as one word: `phone`, `tags`, `tag:VIP`, `attribute:level`, or null when the column is ignored. */
export function targetName(target: ColumnTarget): string | null {
  switch (target.kind) {
    case 'field':
      return target.field;
    case 'attribute':
      return `attribute:${target.name}`;
    case 'attributes':
      return 'attributes';
    case 'tags':
      return 'tags';
    case 'name_part':
      return target.part;
    case 'tag':
      return `tag:${target.tag}`;
    case 'ignored':
      return null;
  }
}

/** The names of columns, for a message. */
export function listHeaders(headers: string[]): string {
  return headers
    .filter((header) => header.trim() !== '')
    .map((header) => `“${header.trim()}”`)
    .join(', ');
}

/**
 * The names of all columns as a sentence for a message. Where none is a known word, the first line may be a person's and
 * not a header: then nothing of it is said, since messages enter workflow history.
 */
export function nameColumns(names: ColumnNames, kind: ChannelKind): string {
  if (isSurelyHeader(speakingNames(names, kind), kind)) return `The columns are ${listHeaders(names.headers)}.`;
  return 'None of the columns has a known name: see them with sluice inspect FILE.';
}

const isSurelyHeader = (headers: string[], kind: ChannelKind): boolean =>
  headers.some((header) => meaningOf(header, kind) !== null);

/** The same of one of the columns as they were mapped. */
export const columnName = (columns: readonly MappedColumn[], column: number): string =>
  nameOf(
    columns.map(({ header }) => header),
    column,
  );

/**
 * Two columns of one name cannot be told apart by it. Of no matter where nobody needs them.
 * @throws PipelineError `header_duplicate`
 */
export function refuseDuplicate(header: string, headers: string[], kind: ChannelKind): void {
  const name = plainHeader(header);
  const columns = headers.flatMap((other, index) => (plainHeader(other) === name ? [index + 1] : []));
  const [first, second] = columns;
  if (first === undefined || second === undefined || name === '') return;
  throw new PipelineError(
    'header_duplicate',
    isSurelyHeader(headers, kind)
      ? `Columns ${columns.join(' and ')} are ${columns.length === 2 ? 'both' : 'all'} called “${name}”.`
      : `Columns ${columns.join(' and ')} have the same name.`,
    {
      hint: `Say which by its number, for example #${second} instead of its name, or rename one in the file.`,
      details: { first, second },
    },
  );
}

/**
 * The column that a header names for `key`, exactly or nearly, by its number (`#3`), or by the last part of a joined one.
 * @throws PipelineError `map_column_missing`, `header_duplicate`
 */
export function columnOf(header: string, key: string, names: ColumnNames, kind: ChannelKind): number {
  const { headers } = names;
  const number = /^#(\d{1,5})$/.exec(header.trim())?.[1];
  if (number !== undefined && !headers.some((name) => plainHeader(name) === header.trim())) {
    const index = Number(number) - 1;
    if (index >= 0 && index < headers.length) return index;
    throw new PipelineError('map_column_missing', `There is no column ${header.trim()} to map to ${key}.`, {
      hint: `The file has ${headers.length} columns, #1 to #${headers.length}.`,
    });
  }
  for (const called of [headers, shortNames(names)]) {
    const exact = called.findIndex((name) => name.trim() === header.trim());
    const similar = called.findIndex((name) => headerKey(name) !== '' && headerKey(name) === headerKey(header));
    const found = exact === -1 ? similar : exact;
    if (found === -1) continue;
    refuseDuplicate(called[found]!, called, kind);
    return found;
  }
  throw new PipelineError('map_column_missing', `There is no column “${header}” to map to ${key}.`, {
    hint: nameColumns(names, kind),
  });
}

function refuseSharedTargets(columns: (MappedColumn | undefined)[], clashes?: PipelineError[]): void {
  const headers = columns.map((column) => column?.header ?? '');
  const seen = new Map<string, number>();
  columns.forEach((column, index) => {
    const name = column ? targetName(column.target) : null;
    if (!column || name === null) return;
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const both = [nameOf(headers, earlier), nameOf(headers, index)];
      const problem = new PipelineError('field_duplicate', `The columns ${listHeaders(both)} both mean ${name}.`, {
        hint: `Say which one counts, for example ${mapOption(name, both[1]!)}.`,
        details: { target: name },
      });
      if (clashes === undefined) throw problem;
      clashes.push(problem);
      for (const at of [earlier, index]) columns[at] = ignoredColumn(headers[at]!, 'clash');
      return;
    }
    seen.set(name, index);
  });
}

/** A tag or attribute takes its name from a header; one that no index can hold would fail the import half-way. */
function refuseLongNames(columns: (MappedColumn | undefined)[]): void {
  const index = columns.findIndex((column) => column && !isNameShort(targetName(column.target) ?? ''));
  if (index === -1) return;
  throw new PipelineError('name_too_long', `The name of column ${index + 1} is too long for a tag or an attribute.`, {
    hint: 'Shorten that header in the file.',
    details: { column: index + 1 },
  });
}

/**
 * Maps the headers of a file. First `map`, then the words of header-words.ts (a field that `map` gave to a column is
 * not given to another, and a likely word gives way to a sure one), then attribute definitions of the same name, then new attributes where allowed; the rest is
 * ignored. Pure. Throws PipelineError `header_duplicate`, `map_column_missing`, `map_target_unknown`,
 * `attribute_unknown`, `field_duplicate`.
 */
export function mapHeaders(headers: string[], options: MappingOptions): Mapping {
  const columns: (MappedColumn | undefined)[] = headers.map(() => undefined);
  const { headerParts = [] } = options;
  const names = speakingNames({ headers, headerParts }, options.channelKind);
  const newAttributes: AttributeDefinition[] = [];
  for (const [key, named] of Object.entries(options.map)) {
    const header = key.startsWith('ignore:') ? key.slice('ignore:'.length) : named;
    const index = columnOf(header, key, { headers, headerParts }, options.channelKind);
    if (columns[index]) {
      throw new PipelineError('map_column_twice', `The column “${header}” is mapped twice.`, {
        hint: 'Give each column one meaning.',
      });
    }
    const { target, created } = parseTarget(key, index, options);
    if (created) newAttributes.push(created);
    columns[index] = { header: headers[index] ?? '', target, confidence: 1, why: 'map' };
  }
  const taken = new Set(columns.map((column) => (column ? targetName(column.target) : null)));
  const sure = new Set(
    names.map((name, index) => (columns[index] ? null : meaningOf(name, options.channelKind))).map(surely),
  );
  const parts = names.map(namePartOf);
  // 名字 is all of the name, but beside a 姓氏.
  const isPart = (index: number) => parts[index] !== null && parts.includes('family_name');
  // A whole name says it better than its parts.
  const hasName =
    taken.has('display_name') ||
    names.some((name, index) => !isPart(index) && meaningOf(name, options.channelKind)?.meaning === 'display_name');
  names.forEach((name, index) => {
    const header = headers[index]!;
    const found =
      columns[index] ??
      byReport(name) ??
      byBinding(name) ??
      (isPart(index) ? null : byWords(name, taken, sure, options)) ??
      byDefinition(header, name, options) ??
      byNamePart(header, parts[index]!, taken, hasName) ??
      byNewAttribute(header, index, options, newAttributes);
    columns[index] = { ...found, header };
  });
  refuseSharedTargets(columns, options.clashes);
  refuseLongNames(columns);
  return { columns: columns.filter((column) => column !== undefined), newAttributes };
}

const surely = (found: { meaning: string; confidence: number } | null): string | null =>
  found?.confidence === 1 ? found.meaning : null;

/** The columns that our own rejects file adds to a line are about the line, not the contact. */
function byReport(header: string): MappedColumn | null {
  return header.startsWith('sluice_') ? ignoredColumn(header, 'word') : null;
}

/** Bindings have no place yet, and must not become attributes before they have. */
function byBinding(header: string): MappedColumn | null {
  return isBinding(header) ? ignoredColumn(header, 'binding') : null;
}

function byWords(
  header: string,
  taken: Set<string | null>,
  sure: Set<string | null>,
  options: MappingOptions,
): MappedColumn | null {
  const tag = /^(?:tag|標籤|标签)\s*[:：]\s*(\S.*)$/i.exec(header.trim())?.[1];
  if (tag !== undefined)
    return taken.has(`tag:${tag}`) ? null : { header, target: { kind: 'tag', tag }, confidence: 0.9, why: 'word' };
  const found = meaningOf(header, options.channelKind);
  if (!found || taken.has(found.meaning)) return null;
  // 手機 beside 電話: the likely word gives way to the sure one.
  if (found.confidence < 1 && sure.has(found.meaning)) return null;
  const { meaning } = found;
  const target: ColumnTarget =
    meaning === 'tags' || meaning === 'attributes' ? { kind: meaning } : { kind: 'field', field: meaning };
  return { header, target, confidence: found.confidence, why: found.confidence === 1 ? 'word' : 'likely word' };
}

/** Somebody has made an attribute of it: then that is what it is to them. */
function byDefinition(header: string, short: string, { definitions }: MappingOptions): MappedColumn | null {
  const known = definitionOf(plainHeader(header), definitions) ?? definitionOf(plainHeader(short), definitions);
  return known ? { header, target: { kind: 'attribute', ...known }, confidence: 1, why: 'attribute' } : null;
}

function byNamePart(
  header: string,
  part: NamePart | null,
  taken: Set<string | null>,
  hasName: boolean,
): MappedColumn | null {
  if (part === null || taken.has(part)) return null;
  return hasName
    ? ignoredColumn(header, 'not needed')
    : { header, target: { kind: 'name_part', part }, confidence: 1, why: 'word' };
}

function byNewAttribute(
  header: string,
  index: number,
  options: MappingOptions,
  created: AttributeDefinition[],
): MappedColumn {
  const name = plainHeader(header);
  if (!options.createAttributes || name === '') return ignoredColumn(header, 'unknown');
  const definition = { name, type: options.guessType(index) };
  created.push(definition);
  return { header, target: { kind: 'attribute', ...definition }, confidence: 1, why: 'new attribute' };
}

function definitionOf(name: string, definitions: AttributeDefinition[]): AttributeDefinition | undefined {
  const key = headerKey(name);
  return (
    definitions.find((definition) => definition.name === name) ??
    definitions.find((definition) => key !== '' && headerKey(definition.name) === key)
  );
}
