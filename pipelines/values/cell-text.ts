// Cleans the text of one cell before a rule looks at it: width, invisible characters, spreadsheet residue.
// Knows no field; never decides whether a value is valid.

const PLAIN = /^[!-~]*$/;
// Soft hyphen, Mongolian vowel separator, zero-width space to right-to-left mark, bidi controls, word joiner, BOM.
const INVISIBLE = /[\u00AD\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/g;
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/g;
const FORMULA_TEXT = /^="(.*)"$/;
const APOSTROPHE = /^['\u2018\u2019`]/;
const SCIENTIFIC = /^[+-]?\d(?:(?:[.,]\d+)?E[+-]|[.,]\d+E)\d{1,3}$/i;

/**
 * An identifier cell (id, phone, e-mail, number, date) in plain form: NFKC, no invisible or control characters, no
 * white space around it, `="0912"` unwrapped, the apostrophe a spreadsheet puts before text removed. Cleaning twice
 * changes nothing for values that do not themselves begin with an apostrophe.
 */
export function cleanIdentifier(raw: string): string {
  const first = raw.charCodeAt(0);
  if (first !== 39 && first !== 61 && first !== 96 && PLAIN.test(raw)) return raw;
  let text = raw
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .replace(/[\t\r\n]+/g, ' ')
    .replace(CONTROL, '')
    .trim();
  const formula = FORMULA_TEXT.exec(text);
  if (formula) text = (formula[1] ?? '').replaceAll('""', '"').trim();
  return text.replace(APOSTROPHE, '').trim();
}

/**
 * True for numbers as a spreadsheet or a program abbreviates them (`8.86913E+11`, `1.0004E4`): their digits are lost and must not be guessed.
 */
export function isScientificNotation(text: string): boolean {
  return SCIENTIFIC.test(text);
}

/** True when nothing is to be seen in the cell: only white space, control or invisible characters. */
export function isBlankCell(raw: string): boolean {
  if (raw === '') return true;
  const first = raw.charCodeAt(0);
  if (first > 32 && first < 127) return false;
  return raw.replace(INVISIBLE, '').replace(CONTROL, '').trim() === '';
}
