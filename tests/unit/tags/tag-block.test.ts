// Blocks of records to COPY text: places, blank records, and JSON whose numbers are longer than JavaScript's.
import { expect, test } from 'vitest';
import type { RecordBlock } from '../../../pipelines/source/record.ts';
import { parseObject, textOf, writtenNumber } from '../../../pipelines/source/json-line.ts';
import { copyTagBlock } from '../../../pipelines/tags/tag-block.ts';
import type { TagPlan } from '../../../pipelines/tags/tag-plan.ts';
import { CSV_PLAN } from './csv-plan.ts';

const uid = 'U0123456789abcdef0123456789abcdef';
const json: TagPlan = { ...CSV_PLAN, format: 'json', columns: 0, key: 'uid', tag: 'tag', time: 'at', quote: '' };
const block = (text: string): RecordBlock => ({
  bytes: new Uint8Array(Buffer.from(text)),
  byteStart: 100,
  firstLine: 7,
});
const rowsOf = (text: string, plan: TagPlan) => {
  const { copyText, ...counts } = copyTagBlock(block(text), plan);
  return {
    lines: Buffer.from(copyText)
      .toString()
      .trimEnd()
      .split('\n')
      .map((row) => row.split('\t')),
    counts,
  };
};

test('each record has its line and its place in the file; blank ones are counted', () => {
  const text = `${uid},"a\nb",2024-01-01\n\n,,\n${uid},,2024-01-01\n`;
  const { lines, counts } = rowsOf(text, CSV_PLAN);
  expect(lines).toEqual([
    ['7', '100', '50', '\\N', uid, 'applied', 'a\\nb', '2023-12-31T16:00:00.000Z', 'import', '\\N'],
    ['11', '155', '45', 'tag_missing', ...Array<string>(6).fill('\\N')],
  ]);
  expect(counts).toEqual({ rows: 2, blank: 2, firstLine: 7, lastLine: 11, nextByte: 100 + text.length, nextLine: 12 });
});

test('tags keep commas, quotes, tabs, backslashes and emoji; too long ones are told, in characters or bytes', () => {
  const tagOf = (tag: string) => {
    const { lines } = rowsOf(JSON.stringify({ uid, tag, at: 1704067200 }), json);
    return lines[0]![3] === '\\N' ? lines[0]![6] : lines[0]![3];
  };
  expect(tagOf('a, "b" \\ 👩‍👩‍👧')).toBe('a, "b" \\\\ 👩‍👩‍👧');
  expect(tagOf('a\tb')).toBe('a\\tb');
  expect(tagOf('\\N')).toBe('\\\\N');
  expect(tagOf('a\u0000\u001fb')).toBe('ab');
  expect(tagOf('x'.repeat(2_000))).toBe('x'.repeat(2_000));
  for (const long of ['x'.repeat(2_001), '字'.repeat(667), '😀'.repeat(501), 'x'.repeat(10_000), '😀'.repeat(10_000)])
    expect(tagOf(long)).toBe('tag_too_long');
  expect(tagOf(' \u200b ')).toBe('tag_missing');
});

test('JSON: what is no object, a list where a value is needed, keys that objects have by themselves', () => {
  const { lines } = rowsOf(
    [
      `{"uid":"${uid}","tag":"a","at":"2024-01-01"}`,
      '[1]',
      'null',
      '{',
      '',
      `{"uid":"${uid}","tag":{"a":1},"at":1}`,
    ].join('\r\n'),
    json,
  );
  expect(lines.map((row) => [row[0], row[3]])).toEqual([
    ['7', '\\N'],
    ['8', 'json_invalid'],
    ['9', 'json_invalid'],
    ['10', 'json_invalid'],
    ['12', 'value_not_plain'],
  ]);
  const object = parseObject('{"a": null, "b": true, "__proto__": "x"}')!;
  expect(['a', 'b', 'constructor', '__proto__'].map((key) => textOf(object, key, ''))).toEqual(['', 'true', '', 'x']);
});

test('numbers keep the digits they are written with', () => {
  const line =
    '{"a": {"id": 1}, "text": "\\"id\\": 2", "id": 12345678901234567890, "id": 98765432109876543210, "n": [3]}';
  expect(writtenNumber(line, 'id')).toBe('98765432109876543210');
  expect(textOf(parseObject(line)!, 'id', line)).toBe('98765432109876543210');
  expect(textOf(parseObject('{"id": 7.5}')!, 'id', '{"id": 7.5}')).toBe('7.5');
});

test('a phone is the key that the contact import stores: on WhatsApp with the 9 of its accounts', () => {
  const phones = (channelKind: 'line' | 'whatsapp') =>
    rowsOf('+54 11 2345-6789,vip,2024-03-05\n', { ...CSV_PLAN, matchBy: 'phone', channelKind }).lines.map(
      (row) => row[4],
    );
  expect(phones('whatsapp')).toEqual(['+5491123456789']);
  expect(phones('line')).toEqual(['+541123456789']);
});
