// The words of files: kinds in their cells, parts of an event in their headers, sources.
import { expect, test } from 'vitest';
import { tagSource, TAG_SOURCES } from '../../../contracts/tag-event.ts';
import { sourceOf, sourceWords } from '../../../pipelines/tags/source-words.ts';
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
  ['貼標方式', { part: 'source', sure: true }],
  ['來源類型', { part: 'source', sure: true }],
  ['觸發方式', { part: 'source', sure: false }],
])('the header %s', (header, meaning) => expect(eventPartOf(header)).toEqual(meaning));
test.each(['colour', '', 'toString'])('the header “%s” means nothing', (header) =>
  expect(eventPartOf(header)).toBeNull(),
);

test.each([
  ['手動', 'manual'],
  [' 人工 ', 'manual'],
  ['手动', 'manual'],
  ['匯入', 'import'],
  ['导入', 'import'],
  ['機器人', 'bot'],
  ['自動化', 'bot'],
  ['介接', 'open_api'],
  ['API 串接', 'open_api'],
  ['廣播', 'broadcast'],
  ['推播', 'broadcast'],
  ['群發', 'broadcast'],
  ['關鍵字自動回覆', 'keyword_auto_reply'],
  ['顧客旅程', 'journey'],
  ['LINE 圖文選單', 'line_rich_menu'],
  ['第三方系統', 'third_party_system'],
  ['優惠券', 'coupon'],
  ['加入購物車', 'add_cart'],
  ['棄單', 'abandoned_cart'],
  ['手機綁定', 'phone_binding'],
  ['問卷', 'survey'],
  ['訂單', 'order'],
  ['系統', 'system'],
  // Words of letters are stored as they are, known or not: an event written before must stay the same event.
  ['API', 'api'],
  ['My Shop', 'my_shop'],
])('the source %s is %s', (word, source) => {
  expect(sourceOf(word)).toBe(source);
  expect(sourceOf(source)).toBe(source);
});
test('each source of the product has a Chinese word; other Chinese words are none', () => {
  for (const source of TAG_SOURCES) expect(sourceWords(source)[0], source).toMatch(/\p{Script=Han}/u);
  for (const none of ['某處', '', 'constructor/x']) expect(sourceOf(none)).toBeNull();
});

test('sources are stored in one spelling, and reading that again changes nothing', () => {
  expect(tagSource('  Third Party\tSystem ')).toBe('third_party_system');
  for (const source of [...TAG_SOURCES, 'my-shop.v2', 'x'.repeat(63)]) expect(tagSource(source)).toBe(source);
  for (const none of ['', ' ', '中文', '"', '-a', 'x'.repeat(64), 'a/b']) expect(tagSource(none), none).toBeNull();
});
