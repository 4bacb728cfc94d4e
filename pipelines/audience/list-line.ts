// One record of a recipient list to one staged line: the key as the import would read it, the cells that the message uses.
// A bad cell makes its line invalid, with the import's own reasons.
import { isBlankCell } from '../values/cell-text.ts';
import { keyRule } from '../values/key-rule.ts';
import { MAX_PHONE_CELL } from '../values/phone.ts';
import { MAX_TEXT_LENGTH, normaliseText } from '../values/text.ts';
import { brokenRecord } from '../source/record-shape.ts';
import type { InvalidReason } from '../values/reasons.ts';
import type { SourceRecord } from '../source/record.ts';
import type { ListLine, ListPlan, PlaceSource } from './list-plan.ts';

type KeyRule = (cell: string) => { key: string } | { reason: InvalidReason };

/** How the key cell is read. `literal` takes a phone as the text that it is, white space around it aside. */
function listKeyRule(plan: ListPlan): KeyRule {
  return plan.matchBy === 'phone' && plan.phoneMatch === 'literal' ? literalPhone : keyRule({ ...plan, toSend: true });
}

function literalPhone(cell: string): { key: string } | { reason: InvalidReason } {
  if (cell.length > MAX_PHONE_CELL) return { reason: 'phone_too_long' };
  // NUL cannot be stored by Postgres, so no contact has it.
  return { key: cell.replaceAll('\0', '').trim() };
}

/** The value of a place: null when blank or the contact's; undefined when it is too long for any message. */
function parameterOf(source: PlaceSource, fields: string[]): string | null | undefined {
  if ('contact' in source) return null;
  const cell = fields[source.column] ?? '';
  if (isBlankCell(cell)) return null;
  const result = normaliseText(cell, { maxLength: MAX_TEXT_LENGTH, oneLine: false });
  if (result.ok) return result.text;
  return result.reason === 'text_empty' ? null : undefined;
}

const invalid = (reason: InvalidReason): ListLine => ({ reason, key: null, parameters: null });

/** Makes the reader of a list's records; make it once, call it for every record. The same record gives the same line. */
export function listLineReader(plan: ListPlan): (record: SourceRecord) => ListLine {
  const readKey = listKeyRule(plan);
  const missing = `${plan.matchBy}_missing` as InvalidReason;
  const { sources } = plan;
  const lossy = plan.lostCharacters === true;
  return (record) => {
    const { fields } = record;
    const broken = brokenRecord(record, plan.columns, plan.shortRows);
    if (broken !== null) return invalid(broken);
    const cell = fields[plan.keyColumn] ?? '';
    if (isBlankCell(cell)) return invalid(missing);
    if (lossy && cell.includes('\uFFFD')) return invalid('character_unreadable');
    const read = readKey(cell);
    if ('reason' in read) return invalid(read.reason);
    if (sources.length === 0) return { reason: null, key: read.key, parameters: null };
    const parameters: (string | null)[] = [];
    for (const source of sources) {
      const value = parameterOf(source, fields);
      if (value === undefined) return invalid('parameter_too_long');
      // Nobody wants to read it in a message.
      if (lossy && value?.includes('\uFFFD')) return invalid('character_unreadable');
      parameters.push(value);
    }
    return { reason: null, key: read.key, parameters };
  };
}
