// Which column of a file says whom, which tag, when, and by what. Looks at names, and at values only where there are none.
import { MATCH_KEYS, type MatchKey } from '../../contracts/contact-fields.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { TAG_TARGETS, type TagTarget } from '../../contracts/tag-import.ts';
import { columnOf, listHeaders, nameColumns } from '../import/header-mapping.ts';
import { nameOf } from '../values/header-key.ts';
import { meaningOf } from '../values/header-words.ts';
import { speakingNames, type ColumnNames } from '../source/joined-header.ts';
import { eventPartOf, type EventPart } from './tag-words.ts';
import { mapOption } from '../values/map-option.ts';

export interface TagColumnsRequest extends ColumnNames {
  channelKind: ChannelKind;
  map: Record<string, string>;
  matchBy: MatchKey | null;
}

/** Indexes into the headers. */
export interface TagColumns {
  matchBy: MatchKey;
  key: number;
  tag: number;
  time: number;
  source: number | null;
  messageId: number | null;
  kind: number | null;
}

/**
 * The column of each part of an event. `map` goes first; then sure words; then likely ones; a column has one meaning. Pure.
 * @throws PipelineError `map_target_unknown`, `map_column_missing`, `map_column_twice`, `no_identifier`, `field_duplicate`,
 * `tag_column_missing`, `time_column_missing`
 */
export function findTagColumns(request: TagColumnsRequest): TagColumns {
  const { channelKind } = request;
  const mapped = mappedColumns(request);
  const taken = new Set(mapped.values());
  const { matchBy, key } = keyColumn(request, mapped, taken);
  taken.add(key);
  const part = (name: EventPart): number | null => {
    const found = mapped.get(name) ?? partColumn(name, request, taken);
    if (found !== null) taken.add(found);
    return found;
  };
  const needed = (name: 'tag' | 'time'): number => {
    const found = part(name);
    if (found !== null) return found;
    throw new PipelineError(`${name}_column_missing`, `No column of the file gives the ${name}.`, {
      hint: `Name one: --map ${name}=COLUMN. ${nameColumns(request, channelKind)}`,
    });
  };
  return {
    matchBy,
    key,
    tag: needed('tag'),
    time: needed('time'),
    source: part('source'),
    messageId: part('message_id'),
    kind: part('kind'),
  };
}

function mappedColumns(request: TagColumnsRequest): Map<TagTarget, number> {
  const { headers, channelKind, map } = request;
  const mapped = new Map<TagTarget, number>();
  for (const [name, header] of Object.entries(map)) {
    const target = TAG_TARGETS.find((known) => known === name);
    if (!target) throw noTarget(name, header, headers);
    const column = columnOf(header, name, request, channelKind);
    if ([...mapped.values()].includes(column))
      throw new PipelineError('map_column_twice', `The column “${header}” is mapped twice.`, {
        hint: 'Give each column one meaning.',
      });
    mapped.set(target, column);
  }
  return mapped;
}

function noTarget(name: string, header: string, headers: string[]): PipelineError {
  const reversed = headers.includes(name) && TAG_TARGETS.some((known) => known === header);
  return new PipelineError('map_target_unknown', `“${name}” is not a part of a tag event.`, {
    hint: reversed ? `The part comes first: ${mapOption(header, name)}.` : `Use one of ${TAG_TARGETS.join(', ')}.`,
  });
}

const ours = (header: string) => header.startsWith('sluice_');

function keyColumn(
  request: TagColumnsRequest,
  mapped: Map<TagTarget, number>,
  taken: Set<number>,
): { matchBy: MatchKey; key: number } {
  const { headers, channelKind, matchBy } = request;
  const names = speakingNames(request, channelKind);
  const named = MATCH_KEYS.filter((key) => mapped.has(key));
  const contact = mapped.get('contact');
  if (named.length + (contact === undefined ? 0 : 1) > 1 && !(matchBy && named.includes(matchBy)))
    throw new PipelineError('field_duplicate', 'More than one column is mapped to the contact.', {
      hint: 'A file is matched by one identifier: map one column, or say which with --match-by.',
    });
  if (contact !== undefined)
    return { matchBy: matchBy ?? keyOf(names[contact]!, channelKind) ?? 'social_id', key: contact };
  const wanted = matchBy ?? named[0] ?? null;
  for (const key of wanted ? [wanted] : MATCH_KEYS) {
    const given = mapped.get(key);
    if (given !== undefined) return { matchBy: key, key: given };
    const columns = names.flatMap((header, column) => {
      const found = ours(header) || taken.has(column) ? null : meaningOf(header, channelKind);
      return found?.meaning === key ? [{ column, sure: found.confidence === 1 }] : [];
    });
    const sure = columns.filter((candidate) => candidate.sure);
    const [first, ...more] = sure.length > 0 ? sure : columns;
    if (!first) continue;
    if (more.length > 0)
      throw bothMean(
        [first, ...more].map(({ column }) => nameOf(headers, column)),
        key,
      );
    return { matchBy: key, key: first.column };
  }
  throw new PipelineError(
    'no_identifier',
    `No column of the file ${wanted ? `gives the ${wanted}` : 'says whose tag it is'}.`,
    {
      hint: `Name one, for example --map ${wanted ?? 'member_id'}=COLUMN. ${nameColumns(request, channelKind)}`,
    },
  );
}

function keyOf(header: string, kind: ChannelKind): MatchKey | null {
  const meaning = meaningOf(header, kind)?.meaning;
  return MATCH_KEYS.find((key) => key === meaning) ?? null;
}

function bothMean(headers: string[], target: string): PipelineError {
  return new PipelineError('field_duplicate', `The columns ${listHeaders(headers)} both mean ${target}.`, {
    hint: `Say which one counts, for example ${mapOption(target, headers[0]!.trim())}.`,
  });
}

function partColumn(part: EventPart, request: TagColumnsRequest, taken: Set<number>): number | null {
  const { headers, channelKind } = request;
  const meant = speakingNames(request, channelKind, (name) => eventPartOf(name) !== null).flatMap((header, column) => {
    const found = ours(header) || taken.has(column) ? null : eventPartOf(header);
    return found?.part === part ? [{ column, sure: found.sure }] : [];
  });
  const sure = meant.filter((candidate) => candidate.sure);
  const [first, ...more] = sure.length > 0 ? sure : meant;
  if (!first) return null;
  if (more.length > 0)
    throw bothMean(
      [first, ...more].map(({ column }) => nameOf(headers, column)),
      part,
    );
  return first.column;
}
