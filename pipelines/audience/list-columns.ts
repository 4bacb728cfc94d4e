// Which column of a recipient list names the people, and which columns fill the message's places. Looks at headers, and at
// values only where there are none. Never guesses between two columns.
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { MATCH_KEYS, type MatchKey } from '../../contracts/contact-fields.ts';
import { addressIsPhone, KINDS, type ChannelKind } from '../../contracts/channel-kinds.ts';
import { columnOf, listHeaders, nameColumns, refuseDuplicate } from '../import/header-mapping.ts';
import { nameOf, plainHeader } from '../values/header-key.ts';
import { meaningOf } from '../values/header-words.ts';
import { valueMeanings } from '../source/headerless.ts';
import { shortNames, speakingNames, type ColumnNames } from '../source/joined-header.ts';
import type { SourceRecord } from '../source/record.ts';
import { CONTACT_PLACES, type ContactPlace, type PlaceSource } from './list-plan.ts';
import { mapOption } from '../values/map-option.ts';

export interface ListColumnsRequest extends ColumnNames {
  /** False when the list has no header row; then `headers` are `column 1` … */
  hasHeader: boolean;
  /** The first records, for lists without a header. */
  data: SourceRecord[];
  channelKind: ChannelKind;
  defaultCountry: string;
  matchBy: MatchKey | null;
  map: Record<string, string>;
  /** The places of the message, each once. */
  places: string[];
}

export interface ListColumns {
  matchBy: MatchKey;
  keyColumn: number;
  sources: PlaceSource[];
}

/**
 * The key column and the source of every place. Pure.
 * @throws PipelineError `header_duplicate`, `no_identifier`, `key_ambiguous`, `field_duplicate`, `match_key_unsupported`,
 * `map_column_missing`, `map_target_unknown`, `placeholder_unknown`
 */
export function findListColumns(request: ListColumnsRequest): ListColumns {
  const map = request.hasHeader ? request.map : valueMeanings(request.headers, request.data, request);
  const key = keyOf({ ...request, map });
  for (const name of Object.keys(request.map)) refuseUnusedMap(name, key.matchBy, request);
  return { ...key, sources: request.places.map((place) => sourceOf(place, { ...request, map })) };
}

function keyOf(request: ListColumnsRequest): { matchBy: MatchKey; keyColumn: number } {
  const { headers, channelKind, map } = request;
  const asked = request.matchBy ?? soleMappedKey(map);
  if (asked !== null) refuseUnsupported(asked, channelKind);
  const found = MATCH_KEYS.map((key) => ({ key, columns: columnsFor(key, request) })).filter(
    ({ key, columns }) => columns.length > 0 && (asked === null || key === asked),
  );
  const [first, ...others] = found;
  if (!first) throw noIdentifier(asked, request, channelKind);
  if (others.length > 0) throw keyAmbiguous(found, headers);
  const [column, ...more] = first.columns;
  if (more.length > 0)
    throw new PipelineError(
      'field_duplicate',
      `The columns ${listHeaders(first.columns.map((index) => nameOf(headers, index)))} both mean ${first.key}.`,
      { hint: `Say which one counts, for example ${mapOption(first.key, nameOf(headers, column!))}.` },
    );
  return { matchBy: first.key, keyColumn: column! };
}

/** The one identifier that `map` names; null where it names none or several. */
function soleMappedKey(map: Record<string, string>): MatchKey | null {
  const named = MATCH_KEYS.filter((key) => map[key] !== undefined);
  return named.length === 1 ? named[0]! : null;
}

function refuseUnsupported(key: MatchKey, kind: ChannelKind): void {
  if (KINDS[kind].listKeys.includes(key)) return;
  throw new PipelineError('match_key_unsupported', 'A WhatsApp list is not matched by social ID.', {
    hint: 'On WhatsApp the phone is the address: use --match-by phone, or member_id or email.',
  });
}

/** Columns that give a key: the mapped one, else those whose header says so; a likely word gives way to a sure one. */
function columnsFor(key: MatchKey, request: ListColumnsRequest): number[] {
  const { channelKind, map } = request;
  if (map[key] !== undefined) return [columnOf(map[key], key, request, channelKind)];
  const meant = speakingNames(request, channelKind).flatMap((header, column) => {
    // The columns of our own lines file are about the line.
    const found = header.startsWith('sluice_') ? null : meaningOf(header, channelKind);
    return found && keyMeant(found.meaning, channelKind) === key
      ? [{ column, sure: found.confidence === 1, named: found.meaning === key }]
      : [];
  });
  const sure = meant.filter((candidate) => candidate.sure);
  const likely = meant.filter((candidate) => candidate.named);
  return (sure.length > 0 ? sure : likely.length > 0 ? likely : meant).map((candidate) => candidate.column);
}

/** On WhatsApp a column called "WhatsApp number" is the phone. */
function keyMeant(meaning: string, kind: ChannelKind): string {
  return meaning === 'social_id' ? KINDS[kind].addressField : meaning;
}

function noIdentifier(asked: MatchKey | null, names: ColumnNames, kind: ChannelKind): PipelineError {
  const wanted = asked ? `gives the ${asked}` : 'says whom a line is about';
  const example = asked ?? (addressIsPhone(kind) ? 'phone' : 'member_id');
  return new PipelineError('no_identifier', `No column of the list ${wanted}.`, {
    hint: `Name one, for example --map ${example}=COLUMN. ${nameColumns(names, kind)}`,
  });
}

function keyAmbiguous(found: { key: MatchKey; columns: number[] }[], headers: string[]): PipelineError {
  const named = found.map(({ key, columns }) => `${listHeaders([headers[columns[0]!]!])} (${key})`);
  return new PipelineError('key_ambiguous', `The list has more than one identifier: ${named.join(', ')}.`, {
    hint: `A list is matched by one. Say which: --match-by ${found.map(({ key }) => key).join(' or --match-by ')}.`,
  });
}

function refuseUnusedMap(name: string, matchBy: MatchKey, request: ListColumnsRequest): void {
  if (name === matchBy || request.places.includes(name)) return;
  throw new PipelineError(
    'map_target_unknown',
    `“${name}” is neither the list's identifier (${matchBy}) nor a place of the message.`,
    {
      hint: `Leave it out, or use one of: ${[matchBy, ...request.places].join(', ')}.`,
    },
  );
}

function sourceOf(place: string, request: ListColumnsRequest): PlaceSource {
  const { headers, channelKind, map } = request;
  if (map[place] !== undefined) return { column: columnOf(map[place], place, request, channelKind) };
  const contact = CONTACT_PLACES.find((name) => place === `contact.${name}`);
  if (contact !== undefined) return { contact };
  for (const called of [headers, shortNames(request)]) {
    const column = called.findIndex((header) => plainHeader(header) === plainHeader(place));
    if (column === -1) continue;
    refuseDuplicate(called[column]!, called, channelKind);
    return { column };
  }
  throw new PipelineError('placeholder_unknown', `The message has a place {{${place}}}, and the list no such column.`, {
    hint: `${nameColumns(request, channelKind)} A place may also be ${contactPlaceNames().join(', ')}; a column of another name is given by --map "${place}=COLUMN".`,
  });
}

function contactPlaceNames(): string[] {
  return CONTACT_PLACES.map((name: ContactPlace) => `contact.${name}`);
}
