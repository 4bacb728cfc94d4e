// The words of files: kinds in their cells, parts of an event in their headers, sources.
import { expect, test } from 'vitest';
import { tagSource, TAG_SOURCES } from '../../../pipelines/contracts/tag-event.ts';
import { eventPartOf, kindOf } from '../../../pipelines/tags/tag-words.ts';

test.each(['applied', 'Add', ' ADDED ', 'put on', 'put_on', '貼標', '新增', '＋', '1', '添加'])(
  '%s puts a tag on',
  (word) => expect(kindOf(word)).toBe('applied'),
);
test.each(['removed', 'Untag', 'taken off', 'deleted', '移除', '刪除', '删除', '0', '-'])('%s takes it off', (word) =>
  expect(kindOf(word)).toBe('removed'),
);
// What only Sluice writes cannot come from a file.
test.each(['expired', 'retracted', 'perhaps', '', 'constructor'])('“%s” is no kind', (word) =>
  expect(kindOf(word)).toBeNull(),
);

test.each([
  ['tag', { part: 'tag', sure: true }],
  ['Tag Name', { part: 'tag', sure: true }],
  ['標籤名稱', { part: 'tag', sure: true }],
  ['name', { part: 'tag', sure: false }],
  ['tagged_at', { part: 'time', sure: true }],
  ['timestamp (UTC)', { part: 'time', sure: true }],
  ['貼標時間', { part: 'time', sure: true }],
  ['date', { part: 'time', sure: false }],
  ['來源', { part: 'source', sure: true }],
  ['messageId', { part: 'message_id', sure: true }],
  ['動作', { part: 'kind', sure: true }],
])('the header %s', (header, meaning) => expect(eventPartOf(header)).toEqual(meaning));
test.each(['colour', '', 'toString'])('the header “%s” means nothing', (header) =>
  expect(eventPartOf(header)).toBeNull(),
);

test('sources are stored in one spelling, and reading that again changes nothing', () => {
  expect(tagSource('  Third Party\tSystem ')).toBe('third_party_system');
  for (const source of [...TAG_SOURCES, 'my-shop.v2', 'x'.repeat(63)]) expect(tagSource(source)).toBe(source);
  for (const none of ['', ' ', '中文', '"', '-a', 'x'.repeat(64), 'a/b']) expect(tagSource(none), none).toBeNull();
});
