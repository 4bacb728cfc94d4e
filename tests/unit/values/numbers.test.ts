// Numbers as shops write them: the decimal mark that a column proves, thousands, currencies, and what stays refused.
import { describe, expect, it } from 'vitest';
import { guessAttributeType } from '../../../pipelines/values/attributes.ts';
import { detectDecimalMark, readNumber } from '../../../pipelines/values/numbers.ts';

describe('readNumber', () => {
  it.each([
    ['5.064,75', 'comma', 5064.75],
    ['1.234.567', 'comma', 1234567],
    ['-0,5', 'comma', -0.5],
    ['€ 5,00', 'comma', 5],
    ['5,00 €', 'comma', 5],
    ['1 234,50', 'comma', 1234.5],
    ['1\u00a0234,50', 'comma', 1234.5],
    ['1\u202f234', 'point', 1234],
    ['1,234.50', 'point', 1234.5],
    ["1'234.50", 'point', 1234.5],
    ['NT$1,200', 'point', 1200],
    ['$5', 'point', 5],
    ['-$5.25', 'point', -5.25],
    ['$-5.25', 'point', -5.25],
    ['\u22125', 'point', -5],
    ['1,200元', 'point', 1200],
    ['1200 TWD', 'point', 1200],
    ['１，２００', 'point', 1200],
    ['007', 'point', 7],
  ] as const)('%j with a decimal %s is %d', (text, mark, value) => {
    expect(readNumber(text, mark)).toBe(value);
  });
  it.each([
    ['5.064,75', 'point'],
    ['1,234.50', 'comma'],
    ['0,123', 'point'],
    ['1,23,456', 'point'],
    ['1 23', 'point'],
    ['12e3', 'point'],
    ['--5', 'point'],
    ['15.08.1977', 'comma'],
    ['9007199254740993', 'point'],
    ['five', 'point'],
    ['$', 'point'],
    [`+${' '.repeat(100_000)}x`, 'point'],
  ] as const)('%.20j is no number with a decimal %s', (text, mark) => {
    expect(readNumber(text, mark)).toBeNull();
  });
});

describe('detectDecimalMark', () => {
  it.each([
    [['5.064,75', '12'], 'comma'],
    [['1.234', '5,5'], 'comma'],
    [['0,123'], 'comma'],
    [['1,234.50', '1,234'], 'point'],
    [['1.234', '12.5'], 'point'],
    [['NT$1,200', '$5'], 'point'],
    [['1,200元'], 'point'],
    // No price has three decimals: a shop that writes a comma may sell in dollars.
    [['USD 1.234', '2.500 USD'], 'ambiguous'],
    [['1.234元'], 'ambiguous'],
    [['USD 1.234', '5,50 USD'], 'comma'],
    [['$1,200'], 'ambiguous'],
    [['1,234'], 'ambiguous'],
    [['1.234', '950'], 'ambiguous'],
    [['5,5', '12.5'], 'ambiguous'],
    [['12', '1 234', 'a,b', ''], null],
  ] as const)('%j: %s', (samples, mark) => {
    expect(detectDecimalMark(samples)).toBe(mark);
  });
});

describe('the type of a new column', () => {
  const dates = { timeZone: 'Asia/Taipei', format: null };
  it.each([
    [['5.064,75', '12'], 'number'],
    [['NT$1,200', '$5'], 'number'],
    [['€ 5,00', '7,50 €'], 'number'],
    [['1,200元'], 'number'],
    [['15.08.1977', '01.02.1980'], 'date'],
    [['13/3/2024 14:30', '1/2/2024 9:05'], 'datetime'],
    // Which is the day is not to be seen; a tax number and a phone are no quantities.
    [['05/06/2024'], 'text'],
    [['12.345.678'], 'text'],
    [['912 345 678'], 'text'],
    [['0,5', '12.5'], 'text'],
  ] as const)('%j: %s', (samples, type) => {
    expect(guessAttributeType(samples, dates)).toBe(type);
  });
});
