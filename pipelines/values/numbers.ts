// Numbers as people and shops write them: thousands, a decimal point or comma, a currency around them. Which mark parts the
// decimals is never guessed from one cell that can be read both ways: a column proves it.
import { DECIMAL_MARKS, type DecimalMark } from '../../contracts/import.ts';
import { cleanIdentifier } from './cell-text.ts';

/** Longest number cell that is looked at. Lower refuses spelled-out currencies; higher lets a run of blanks cost its square. */
const MAX_NUMBER_CELL = 60;

/** Currencies of places that write a decimal point. */
const POINT_CURRENCY = 'NT\\$|HK\\$|US\\$|NTD|TWD|HKD|USD|CNY|RMB|JPY|GBP|[£¥]|元|圓|円|塊';
const CURRENCY = `${POINT_CURRENCY}|A\\$|S\\$|RM|EUR|AUD|SGD|MYR|[$€₩]`;
const WRITTEN = new RegExp(`^([+-]?)\\s?(?:${CURRENCY})?\\s?([+-]?)(\\d(?:[\\d., ']*\\d)?)\\s?(?:${CURRENCY})?$`, 'i');
const WITH_CURRENCY = new RegExp(CURRENCY, 'i');
const WITH_POINT_CURRENCY = new RegExp(POINT_CURRENCY, 'i');

const PLAIN = /^-?\d{1,15}$/;
const BODIES: Record<DecimalMark, RegExp> = {
  point: /^(?:\d+|[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+|(?:'\d{3})+))(?:\.\d+)?$/,
  comma: /^(?:\d+|[1-9]\d{0,2}(?:(?:\.\d{3})+|(?: \d{3})+|(?:'\d{3})+))(?:,\d+)?$/,
};

/** Sign and digits with their marks; null: the text is no number in any form. */
function parted(text: string): { negative: boolean; body: string } | null {
  if (text.length > MAX_NUMBER_CELL) return null;
  const found = WRITTEN.exec(text.replace('\u2212', '-'));
  if (!found || (found[1] !== '' && found[2] !== '')) return null;
  return { negative: found[1] === '-' || found[2] === '-', body: found[3]! };
}

function valueOf(body: string, mark: DecimalMark): number | null {
  if (!BODIES[mark].test(body)) return null;
  const plain = body.replace(mark === 'point' ? /[, ']/g : /[. ']/g, '').replace(',', '.');
  const value = Number(plain);
  // Beyond 2^53 the digits would change in JSON without a word.
  return value > Number.MAX_SAFE_INTEGER ? null : value;
}

/**
 * The number that a cell says when `mark` parts its decimals: `1,234.50`, `NT$1,200` and `1 234` with a point, `5.064,75` and `5,00 €` with a
 * comma. Null: it says none, or one with more digits than can be kept. Pure.
 */
export function readNumber(raw: string, mark: DecimalMark): number | null {
  if (PLAIN.test(raw)) return Number(raw);
  const found = parted(cleanIdentifier(raw));
  const value = found && valueOf(found.body, mark);
  if (found === null || value === null) return null;
  return found.negative && value !== 0 ? -value : value;
}

/**
 * The mark that parts the decimals of a column: proven when a cell can be read only one way (`5,5`, `1,234.50`, or `NT$1,234` by its currency) and
 * none contradicts. `ambiguous`: cells can be read both ways (`1,234`) or contradict each other. Null: no cell needs it.
 */
export function detectDecimalMark(samples: Iterable<string>): DecimalMark | 'ambiguous' | null {
  const proven = new Set<DecimalMark>();
  let open = false;
  for (const sample of samples) {
    const text = cleanIdentifier(sample);
    const found = PLAIN.test(text) ? null : parted(text);
    if (found === null) continue;
    const values = DECIMAL_MARKS.map((mark) => valueOf(found.body, mark));
    if (values[0] === values[1]) continue;
    if (values[1] === null) proven.add('point');
    else if (values[0] === null) proven.add('comma');
    // Not where a point stands before three digits: no price has so many decimals, so `USD 1.234` may well be of a decimal comma.
    else if (found.body.includes(',') && WITH_POINT_CURRENCY.test(text)) proven.add('point');
    else open = true;
  }
  const [only] = proven;
  if (proven.size === 1) return only!;
  return open || proven.size > 1 ? 'ambiguous' : null;
}

/** `0`, `-12.5`, `1,234`: no leading zero, which an id has, and no more digits than JSON keeps. */
const PLAIN_QUANTITY = /^-?(?:0|[1-9]\d{0,14}|[1-9]\d{0,2}(?:,\d{3}){1,4})(?:\.\d{1,10})?$/;

/**
 * Whether a column seems to hold numbers and no ids: all are plain ones, or some show by a currency or by decimals that they are quantities (a
 * phone or a tax number in groups of three has neither).
 */
export function areQuantities(values: string[], mark: DecimalMark): boolean {
  if (values.every((value) => PLAIN_QUANTITY.test(value))) return true;
  const decimals = mark === 'point' ? /\.\d+\D*$/ : /,\d+\D*$/;
  const isNumber = (value: string): boolean =>
    readNumber(value, mark) !== null && !/^\D*0\d/.test(value) && value.replace(/\D/g, '').length <= 15;
  return values.every(isNumber) && values.some((value) => WITH_CURRENCY.test(value) || decimals.test(value));
}
