// Why a line of tag events is invalid: the stable words, the sentence of each, and the column it is about. What such a file
// shares with one of contacts stands in import/reasons.ts.
import { MATCH_KEYS } from '../../contracts/contact-fields.ts';
import { describeReason, describeReasonOf, type InvalidReason } from '../values/reasons.ts';
import { namedSources } from './source-words.ts';
import { partPlaces, type Place, type TagPlan } from './tag-plan.ts';

const SENTENCES = {
  json_invalid: 'The line is not a JSON object.',
  value_not_plain: 'A value that is needed is a list or an object.',
  tag_missing: 'The line has no tag.',
  tag_too_long: 'The tag is longer than 2,000 bytes (about 660 Chinese characters).',
  time_missing: 'The line has no time.',
  time_invalid:
    'The time is not a date or time (2024-03-05 14:30, 2024/3/5, 2024年3月5日 下午 2:30, seconds since 1970, or as --date-format says).',
  time_format_undeclared:
    'The time can be read in two ways (05/06/2024): say --date-format "dd/MM/yyyy HH:mm" or MM/dd/yyyy.',
  time_too_early: 'The time is before 1970.',
  time_in_future: 'The time is more than an hour after the start of the import.',
  kind_invalid: 'The kind is neither applied (applied, add, 貼標, 新增 …) nor removed (removed, delete, 移除, 取消 …).',
  source_invalid: `The source is neither one that has a Chinese word, ${namedSources()}, nor another word of at most 63 small letters, digits, _ . or -.`,
  message_id_invalid: 'The message ID is longer than 255 characters, or a spreadsheet abbreviated it (1.0004E+4).',
} as const;

/** A reason that only lines of tag events have; the identifier and the number of columns give those of contacts. */
type OwnReason = keyof typeof SENTENCES;
export type TagReason = OwnReason | InvalidReason;

/** What a sentence needs of a file to name the column. */
export interface TagPlace {
  headers: string[];
  plan: TagPlan;
}

/** The sentence for a reason, and its column where it has one; an unknown reason (of a newer version) is given back as it is. */
export function describeTagReason(reason: string, { headers, plan }: TagPlace): string {
  const sentence = Object.hasOwn(SENTENCES, reason) ? SENTENCES[reason as OwnReason] : describeReason(reason);
  const place = placeOf(reason, plan);
  const header = typeof place === 'number' ? headers[place]?.trim() : place;
  return header === undefined || header === null || header === '' ? sentence : `Column “${header}”: ${sentence}`;
}

/** The same where it depends on the line as it stood in the file; see `describeReasonOf`. */
export function describeTagReasonOf(reason: string, line: number, original: string, place: TagPlace): string {
  return reason === 'lines_swallowed' ? describeReasonOf(reason, line, original) : describeTagReason(reason, place);
}

function placeOf(reason: string, plan: TagPlan): Place | null {
  const key = MATCH_KEYS.map((name): [string, Place] => [name, plan.key]);
  return [...partPlaces(plan), ...key].find(([name]) => reason.startsWith(`${name}_`))?.[1] ?? null;
}
