// One cell of a CSV file that Sluice writes: quoted where it must be, and only there.

/** `value` as it stands between two delimiters; null is an empty cell. */
export function csvCell(value: string | null, delimiter: string): string {
  if (value === null) return '';
  return value.includes(delimiter) || /["\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** What a spreadsheet would run instead of showing it, and what already looks guarded. */
const FORMULA = /^'*[=+\-@\t\r]/;
/** Signed numbers and phones, which do no harm. */
const NUMBER = /^[+-][\d\s.,()-]*$/;

/**
 * As {@link csvCell}, for text of others in a file that a spreadsheet may open: what begins like a formula gets an apostrophe before it.
 * The import takes one off again ({@link unguarded}).
 */
export function guardedCell(value: string | null, delimiter: string): string {
  return csvCell(value !== null && FORMULA.test(value) && !NUMBER.test(value) ? `'${value}` : value, delimiter);
}

/** Text without the apostrophe that {@link guardedCell}, or a spreadsheet, put before a formula. */
export function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text;
}

/** At the begin of a CSV file: without it Excel takes UTF-8 for the encoding of the machine. The import skips it. */
export const BOM = '\uFEFF';
