// Booleans, text, tags and attributes: one cell to one value.
import { describe, expect, it } from 'vitest';
import { guessAttributeType, normaliseAttribute } from '../../../pipelines/values/attributes.ts';
import { normaliseBoolean } from '../../../pipelines/values/booleans.ts';
import { isBlankCell } from '../../../pipelines/values/cell-text.ts';
import { splitTags } from '../../../pipelines/values/tag-list.ts';
import { normaliseText } from '../../../pipelines/values/text.ts';
import type { AttributeType } from '../../../contracts/contact-fields.ts';

const dates = { timeZone: 'Asia/Taipei', format: null };

describe('normaliseBoolean', () => {
  it.each([
    'true',
    'TRUE',
    'Yes',
    'y',
    '1',
    '1.0',
    '是',
    '有',
    '訂閱',
    '已訂閱',
    'subscribed',
    'V',
    '✓',
    'Ｙ',
    '同意',
    ' 是 ',
  ])('%j is yes', (raw) => {
    expect(normaliseBoolean(raw)).toEqual({ ok: true, value: true });
  });
  it.each(['false', 'No', 'N', '0', '否', '無', '取消訂閱', '未訂閱', 'unsubscribed', '✗', 'Ｎ', '已退訂'])(
    '%j is no',
    (raw) => {
      expect(normaliseBoolean(raw)).toEqual({ ok: true, value: false });
    },
  );
  it('guesses nothing', () => {
    expect(normaliseBoolean('maybe')).toEqual({ ok: false, reason: 'boolean_invalid' });
    expect(normaliseBoolean(' ')).toEqual({ ok: false, reason: 'boolean_empty' });
  });
});

describe('normaliseText', () => {
  const name = (raw: string) => normaliseText(raw, { maxLength: 10, oneLine: true });
  it.each([
    ['  王小明 ', '王小明'],
    ['王\u0000小\u200b明\ufeff', '王小明'],
    ['a\r\nb\tc', 'a b c'],
    ['👨\u200d👩', '👨\u200d👩'],
    ['a\u200db', 'ab'],
  ])('%j is %j', (raw, text) => {
    expect(name(raw)).toEqual({ ok: true, text });
  });
  it('never cuts', () => {
    expect(name('x'.repeat(11))).toEqual({ ok: false, reason: 'text_too_long' });
    expect(name('\u200b')).toEqual({ ok: false, reason: 'text_empty' });
  });
});

describe('splitTags', () => {
  it.each([
    ['VIP, new ,VIP,,台北', ',', ['VIP', 'new', '台北']],
    ['VIP，新客、台北', ',', ['VIP', '新客', '台北']],
    ['a;b,c；d', ';', ['a', 'b,c', 'd']],
    ['a|b', '|', ['a', 'b']],
    ['a || b', '||', ['a', 'b']],
    ['a]b^c', ']', ['a', 'b^c']],
    [' ', ',', []],
  ])('%j by %j is %j', (raw, separator, tags) => {
    expect(splitTags(raw, separator)).toEqual({ ok: true, tags });
  });
  it('refuses tags that are too long', () => {
    expect(splitTags('x'.repeat(2_001), ',')).toEqual({ ok: false, reason: 'tags_too_long' });
    expect(splitTags('x'.repeat(2_000), ',').ok).toBe(true);
    // Counted in bytes of UTF-8: what an index entry can hold.
    expect(splitTags('名'.repeat(667), ',').ok).toBe(false);
    expect(splitTags('名'.repeat(666), ',').ok).toBe(true);
  });
});

describe('normaliseAttribute', () => {
  it.each<[string, AttributeType, unknown]>([
    [' 高級會員 ', 'text', '高級會員'],
    ['1,234.5', 'number', 1234.5],
    ['NT$1,200', 'number', 1200],
    ['１２３', 'number', 123],
    ['-7', 'number', -7],
    ['12a', 'number', 'attribute_number_invalid'],
    ['1,23', 'number', 'attribute_number_invalid'],
    ['9007199254740993', 'number', 'attribute_number_invalid'],
    ['是', 'boolean', true],
    ['?', 'boolean', 'attribute_boolean_invalid'],
    ['1990/5/12', 'date', '1990-05-12'],
    ['2024-03-05 08:00:00', 'datetime', '2024-03-05T00:00:00.000Z'],
    ['05/06/2024', 'date', 'attribute_date_format_undeclared'],
    [' ', 'number', 'attribute_empty'],
  ])('%j as %s is %j', (raw, type, expected) => {
    const result = normaliseAttribute(raw, type, dates);
    expect(result.ok ? result.value : result.reason).toBe(expected);
  });
});

describe('guessAttributeType', () => {
  it.each<[string[], AttributeType]>([
    [['1', '2.5', '', '1,234'], 'number'],
    [['00123', '4'], 'text'],
    [['是', '否'], 'boolean'],
    [['1990/5/12', '1985-01-01'], 'date'],
    [['2024-03-05 08:00', '2024-03-05'], 'datetime'],
    [['19900512', '19850101'], 'text'],
    [['19900512', '3'], 'number'],
    [['金', '銀'], 'text'],
    [[], 'text'],
  ])('%j is %s', (samples, type) => {
    expect(guessAttributeType(samples, dates)).toBe(type);
  });
});

describe('isBlankCell', () => {
  it.each(['', ' ', '\t', '\u3000', '\u200b', '\ufeff ', '\r'])('%j is blank', (raw) =>
    expect(isBlankCell(raw)).toBe(true),
  );
  it.each(['a', ' a', '0', '　王'])('%j is not', (raw) => expect(isBlankCell(raw)).toBe(false));
});
