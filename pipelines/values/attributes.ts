// Custom attributes: one cell to a typed value, and the type that a new column seems to have. Does not know what is
// stored.
import type { AttributeType } from '../../contracts/contact-fields.ts';
import type { DecimalMark } from '../../contracts/import.ts';
import { normaliseBoolean } from './booleans.ts';
import { cleanIdentifier, isBlankCell } from './cell-text.ts';
import { detectDateFormat } from './date-format.ts';
import { normaliseDate, type DateOptions } from './dates.ts';
import { areQuantities, detectDecimalMark, readNumber } from './numbers.ts';
import { MAX_TEXT_LENGTH, normaliseText } from './text.ts';

const COMPACT_DATE = /^(?:19|20)\d\d[01]\d[0-3]\d$/;
const DATE_LIKE = /[-/.年]|^[A-Z][a-z]{2,8}\.? \d/;

export type AttributeResult =
  | { ok: true; value: string | number | boolean }
  | {
      ok: false;
      reason:
        | 'attribute_empty'
        | 'attribute_text_too_long'
        | 'attribute_number_invalid'
        | 'attribute_date_invalid'
        | 'attribute_date_format_undeclared'
        | 'attribute_boolean_invalid';
    };

/** How the cells of a column are read. */
export interface AttributeOptions extends DateOptions {
  /** What parts the decimals of its numbers; a point where nothing is said. */
  decimalMark?: DecimalMark | null;
}

function normaliseNumber(raw: string, mark: DecimalMark): AttributeResult {
  if (cleanIdentifier(raw) === '') return { ok: false, reason: 'attribute_empty' };
  const value = readNumber(raw, mark);
  return value === null ? { ok: false, reason: 'attribute_number_invalid' } : { ok: true, value };
}

/**
 * The value of an attribute cell: text as text.ts keeps it, a number (`1,234.5`, `NT$1,200`; see numbers.ts), a boolean, a date as
 * `yyyy-mm-dd` (the day as written), a datetime as ISO 8601 with Z. `attribute_empty` is not an error: the file says
 * nothing.
 */
export function normaliseAttribute(raw: string, type: AttributeType, options: AttributeOptions): AttributeResult {
  switch (type) {
    case 'text': {
      const result = normaliseText(raw, { maxLength: MAX_TEXT_LENGTH, oneLine: false });
      if (result.ok) return { ok: true, value: result.text };
      return { ok: false, reason: result.reason === 'text_empty' ? 'attribute_empty' : 'attribute_text_too_long' };
    }
    case 'number':
      return normaliseNumber(raw, options.decimalMark ?? 'point');
    case 'boolean': {
      const result = normaliseBoolean(raw);
      if (result.ok) return result;
      return { ok: false, reason: result.reason === 'boolean_empty' ? 'attribute_empty' : 'attribute_boolean_invalid' };
    }
    case 'date':
    case 'datetime': {
      const result = normaliseDate(raw, options);
      if (result.ok) return { ok: true, value: type === 'date' ? result.day : result.iso };
      if (result.reason === 'date_missing') return { ok: false, reason: 'attribute_empty' };
      return { ok: false, reason: `attribute_${result.reason}` };
    }
  }
}

/**
 * The type that all non-empty samples have; text when they disagree or there are none. Digits with a leading zero are
 * text (they are ids), so are compact dates, numbers too long to keep, and what can be read in two ways as a date. `0` and `1` alone are
 * numbers, `是` and `yes` booleans.
 */
export function guessAttributeType(samples: Iterable<string>, options: AttributeOptions): AttributeType {
  const values = [...samples].filter((sample) => !isBlankCell(sample)).map(cleanIdentifier);
  if (values.length === 0) return 'text';
  if (values.every((value) => COMPACT_DATE.test(value))) return 'text';
  const forms = provenForms(values, options);
  if (areQuantities(values, forms.decimalMark ?? 'point')) return 'number';
  if (values.every((value) => !/^\d/.test(value) && normaliseBoolean(value).ok)) return 'boolean';
  if (!values.every((value) => DATE_LIKE.test(value))) return 'text';
  const dates = values.map((value) => normaliseDate(value, forms));
  if (!dates.every((date) => date.ok)) return 'text';
  return dates.some((date) => date.timed) ? 'datetime' : 'date';
}

/** How the cells of a column are read by themselves: as declared, else as they prove; what they leave open is left open. */
export function provenForms(cells: string[], declared: AttributeOptions): AttributeOptions {
  const format = declared.format ?? detectDateFormat(cells);
  const mark = declared.decimalMark ?? detectDecimalMark(cells);
  return {
    ...declared,
    format: format === 'ambiguous' ? null : format,
    decimalMark: mark === 'ambiguous' ? null : mark,
  };
}
