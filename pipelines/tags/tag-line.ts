// One record of a file of tag events to one staged event. A bad cell makes its line invalid; the first rule that fails is the
// reason.
import { cleanIdentifier, isBlankCell, isScientificNotation } from '../values/cell-text.ts';
import { keyRule } from '../values/key-rule.ts';
import { isNameShort, MAX_TAG_LENGTH } from '../values/tag-list.ts';
import { normaliseText } from '../values/text.ts';
import type { InvalidReason } from '../values/reasons.ts';
import { readTime } from './tag-time.ts';
import { sourceOf } from './source-words.ts';
import type { Place, TagPlan } from './tag-plan.ts';
import type { TagReason } from './tag-reasons.ts';
import { kindOf } from './tag-words.ts';

/** Longest message id, in UTF-16 units. Lower refuses real ones; a longer one is a text that stands in the wrong column. */
const MAX_MESSAGE_ID = 255;
/** Texts remembered: files repeat the same sources and tags for ever. More than this many are different ones. */
const REMEMBERED = 5_000;

type Read = { text: string } | { reason: TagReason };
type Rule = (cell: string) => Read;

/** A tag as it is stored: one a cell, never split; line breaks, commas, quotes and emoji stay. */
export function readTag(cell: string): Read {
  const result = normaliseText(cell, { maxLength: MAX_TAG_LENGTH, oneLine: false });
  if (!result.ok) return { reason: result.reason === 'text_too_long' ? 'tag_too_long' : 'tag_missing' };
  return isNameShort(result.text) ? result : { reason: 'tag_too_long' };
}

function readMessageId(cell: string): Read {
  const text = cleanIdentifier(cell);
  // Abbreviated by a spreadsheet, the ids of many messages look the same.
  if (text.length > MAX_MESSAGE_ID || isScientificNotation(text)) return { reason: 'message_id_invalid' };
  return { text };
}

/** The rule, with its last answers remembered. */
function remembering(rule: Rule): Rule {
  const known = new Map<string, Read>();
  return (cell) => {
    let read = known.get(cell);
    if (read === undefined) {
      read = rule(cell);
      if (known.size >= REMEMBERED) known.clear();
      known.set(cell, read);
    }
    return read;
  };
}

/** One line, read. With a reason it is invalid, and everything else is null. */
export interface TagLine {
  reason: TagReason | null;
  key: string | null;
  kind: string | null;
  tag: string | null;
  /** ISO 8601 with Z. */
  occurredAt: string | null;
  source: string | null;
  messageId: string | null;
}

/** A line that gives no event, and why. */
export const refused = (reason: TagReason): TagLine => ({
  reason,
  key: null,
  kind: null,
  tag: null,
  occurredAt: null,
  source: null,
  messageId: null,
});

/** Gives the text of a place of the record; null: what stands there is no plain value. */
export type Cells = (place: Place) => string | null;

/** Makes the reader of a plan; make it once, call it for every record. The same cells always give the same line. */
export function tagLineReader(plan: TagPlan): (cells: Cells) => TagLine {
  const keyOf = keyRule(plan);
  const readKey = remembering((cell) => {
    const read = keyOf(cell);
    return 'key' in read ? { text: read.key } : read;
  });
  const readTagCell = remembering(readTag);
  const readSource = remembering((cell) => {
    const source = sourceOf(cleanIdentifier(cell));
    return source === null ? { reason: 'source_invalid' } : { text: source };
  });
  const times = { timeZone: plan.timeZone, format: plan.dateFormat, latest: plan.latest };
  const lossy = plan.lostCharacters === true;
  const keyMissing = `${plan.matchBy}_missing` as InvalidReason;
  const optional = (cells: Cells, place: Place | null): string | null => (place === null ? '' : cells(place));
  return (cells) => {
    const [keyCell, tagCell, timeCell] = [cells(plan.key), cells(plan.tag), cells(plan.time)];
    const [kindCell, sourceCell] = [optional(cells, plan.kind), optional(cells, plan.source)];
    const idCell = optional(cells, plan.messageId);
    if (
      keyCell === null ||
      tagCell === null ||
      timeCell === null ||
      kindCell === null ||
      sourceCell === null ||
      idCell === null
    )
      return refused('value_not_plain');
    if (isBlankCell(keyCell)) return refused(keyMissing);
    if (lossy && (keyCell.includes('\uFFFD') || tagCell.includes('\uFFFD'))) return refused('character_unreadable');
    const key = readKey(keyCell);
    if ('reason' in key) return refused(key.reason);
    const tag = readTagCell(tagCell);
    if ('reason' in tag) return refused(tag.reason);
    if (isBlankCell(timeCell)) return refused('time_missing');
    const time = readTime(timeCell, times);
    if (!time.ok) return refused(time.reason);
    const kind = isBlankCell(kindCell) ? 'applied' : kindOf(kindCell);
    if (kind === null) return refused('kind_invalid');
    const source = isBlankCell(sourceCell) ? { text: plan.defaultSource } : readSource(sourceCell);
    if ('reason' in source) return refused(source.reason);
    const id = isBlankCell(idCell) ? null : readMessageId(idCell);
    if (id !== null && 'reason' in id) return refused(id.reason);
    return {
      reason: null,
      key: key.text,
      kind,
      tag: tag.text,
      occurredAt: time.iso,
      source: source.text,
      messageId: id === null || id.text === '' ? null : id.text,
    };
  };
}
