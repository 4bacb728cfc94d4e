// One record to one staged row: the key first, then the other columns in file order; the first rule that fails is the
// reason. Nothing is dropped silently: a bad cell makes its line invalid.
import { KINDS } from '../../contracts/channel-kinds.ts';
import type { ColumnTarget } from '../../contracts/contact-fields.ts';
import { normaliseAttribute, type AttributeOptions } from '../values/attributes.ts';
import { normaliseBoolean } from '../values/booleans.ts';
import { isBlankCell } from '../values/cell-text.ts';
import { MAX_TAGS, splitTags } from '../values/tag-list.ts';
import { unguarded } from '../values/csv-cell.ts';
import { clearRule, dateFormatOf, fieldRule, hasField, type CellRule } from './cell-rules.ts';
import { nameJoiner } from '../values/name-parts.ts';
import { namedAttributesRule } from './named-attributes.ts';
import { brokenRecord } from '../source/record-shape.ts';
import type { InvalidReason } from '../values/reasons.ts';
import type { NormalisePlan, StagedRow } from './staged-row.ts';
import type { SourceRecord } from '../source/record.ts';

interface ColumnStep {
  index: number;
  apply: CellRule;
  /** What a blank cell means: a reason, a change of the row, or nothing. */
  missing: InvalidReason | null;
  clear: ((row: StagedRow) => void) | null;
  /** A character lost on the way would make another key, name or tag of it; in a note it stands as the mark that it is. */
  mustBeReadable: boolean;
}

/** Kinds of columns of which a file may have several: their reasons must say which. */
const SEVERAL = ['attribute', 'tag'];

/** Turns records into staged rows. Stateless between rows. */
export type RowNormaliser = (record: SourceRecord) => StagedRow;

function emptyRow(record: SourceRecord, reason: string | null): StagedRow {
  return {
    line: record.line,
    byteStart: record.byteStart,
    byteLength: record.byteLength,
    reason,
    socialId: null,
    displayName: null,
    avatarUrl: null,
    timeZone: null,
    memberId: null,
    email: null,
    emailKey: null,
    phone: null,
    phoneRaw: null,
    subscribed: null,
    subscribedSince: null,
    lastInteractionAt: null,
    attributes: null,
    tags: null,
  };
}

/** Each tag once. Says why when the line has too many. */
function addTags(row: StagedRow, tags: string[]): InvalidReason | null {
  if (row.tags === null) row.tags = tags;
  else if (tags.length > 1) row.tags = [...new Set([...row.tags, ...tags])];
  else if (!row.tags.includes(tags[0]!)) row.tags.push(tags[0]!);
  return row.tags.length > MAX_TAGS ? 'tags_too_many' : null;
}

/** The column whose value must be there: that of the match key; a phone that is the address stands in for the social id. */
function keyColumn(plan: NormalisePlan): number {
  const stood = plan.matchBy === 'social_id' && !hasField(plan, 'social_id');
  const field = stood ? KINDS[plan.channelKind].addressField : plan.matchBy;
  return plan.columns.findIndex((column) => column.kind === 'field' && column.field === field);
}

function attributeForms(plan: NormalisePlan, index: number): AttributeOptions {
  const decimalMark = plan.columnForms?.[index]?.decimalMark ?? null;
  return { timeZone: plan.timeZone, format: dateFormatOf(plan, index), decimalMark };
}

function attributeRule(
  plan: NormalisePlan,
  column: Extract<ColumnTarget, { kind: 'attribute' }>,
  index: number,
): CellRule {
  const options = attributeForms(plan, index);
  return (cell, row) => {
    const result = normaliseAttribute(column.type === 'text' ? unguarded(cell) : cell, column.type, options);
    if (result.ok) (row.attributes ??= {})[column.name] = result.value;
    else if (result.reason !== 'attribute_empty') return result.reason;
    return null;
  };
}

function stepFor(plan: NormalisePlan, column: ColumnTarget, index: number, isKey: boolean): ColumnStep | null {
  switch (column.kind) {
    case 'ignored':
    case 'name_part': // All of a record's together: see `nameJoiner`.
      return null;
    case 'field': {
      const clear = plan.clearEmpty && !isKey ? clearRule(plan, column.field) : null;
      const missing = isKey ? (`${column.field}_missing` as InvalidReason) : null;
      return { index, apply: fieldRule(plan, column.field), missing, clear, mustBeReadable: true };
    }
    case 'attribute': {
      const clear = plan.clearEmpty ? (row: StagedRow) => void ((row.attributes ??= {})[column.name] = null) : null;
      return { index, apply: attributeRule(plan, column, index), missing: null, clear, mustBeReadable: false };
    }
    case 'attributes':
      return {
        index,
        apply: namedAttributesRule(plan.namedAttributes ?? { definitions: [], own: [] }, attributeForms(plan, index)),
        missing: null,
        clear: null,
        mustBeReadable: false,
      };
    case 'tags':
      return {
        index,
        mustBeReadable: true,
        missing: null,
        clear: plan.clearEmpty ? (row) => void (row.tags ??= []) : null,
        apply: (cell, row) => {
          const result = splitTags(unguarded(cell), plan.tagSeparator);
          if (!result.ok) return result.reason;
          return result.tags.length > 0 ? addTags(row, result.tags) : null;
        },
      };
    case 'tag':
      return {
        index,
        mustBeReadable: true,
        missing: null,
        clear: null,
        apply: (cell, row) => {
          const result = normaliseBoolean(cell);
          if (!result.ok) return 'tag_invalid';
          // Also a no says which tags the line names, so that `replace` takes this one off whatever stands beside it.
          row.tags ??= [];
          return result.value ? addTags(row, [column.tag]) : null;
        },
      };
  }
}

/** Whether a reason of this column can be of no other one. */
function isAlone(plan: NormalisePlan, index: number): boolean {
  const { kind } = plan.columns[index]!;
  if (kind === 'attributes') return false;
  return !SEVERAL.includes(kind) || plan.columns.filter((column) => column.kind === kind).length === 1;
}

/**
 * The normaliser of a plan; make it once, call it for every record. The plan must come from `inspectFile` (country,
 * zone and format checked there). The same record always gives the same row.
 */
export function rowNormaliser(plan: NormalisePlan): RowNormaliser {
  const key = keyColumn(plan);
  const steps = plan.columns
    .map((column, index) => stepFor(plan, column, index, index === key))
    .filter((step) => step !== null)
    .map((step) => ({ ...step, alone: isAlone(plan, step.index) }))
    .sort((a, b) => Number(b.index === key) - Number(a.index === key) || a.index - b.index);
  const width = plan.columns.length;
  const lossy = plan.lostCharacters === true;
  const joinName = nameJoiner(plan.columns, lossy);
  return (record) => {
    const { fields } = record;
    const broken = brokenRecord(record, width, plan.shortRows);
    if (broken !== null) return emptyRow(record, broken);
    const row = emptyRow(record, null);
    for (const step of steps) {
      const cell = fields[step.index] ?? '';
      if (isBlankCell(cell)) {
        if (step.missing) return emptyRow(record, step.missing);
        step.clear?.(row);
        continue;
      }
      if (lossy && step.mustBeReadable && cell.includes('\uFFFD'))
        return emptyRow(record, `character_unreadable#${step.index + 1}`);
      const reason = step.apply(cell, row);
      if (reason) return emptyRow(record, step.alone ? reason : `${reason}#${step.index + 1}`);
    }
    const joined = joinName?.(fields);
    if (joined === undefined) return row;
    if ('reason' in joined) return emptyRow(record, `${joined.reason}#${joined.column}`);
    row.displayName = joined.name ?? (plan.clearEmpty ? '' : null);
    return row;
  };
}
