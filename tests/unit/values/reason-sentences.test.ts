// The sentence of a reason names its column and what a cell may be, so that a file can be mended without the manual.
import { expect, test } from 'vitest';
import { CONTACT_FIELDS, type ColumnTarget } from '../../../contracts/contact-fields.ts';
import { describeReason, INVALID_REASONS } from '../../../pipelines/values/reasons.ts';

const columns: ColumnTarget[] = [
  { kind: 'ignored' },
  ...CONTACT_FIELDS.map((field) => ({ kind: 'field' as const, field })),
  { kind: 'tags' },
  { kind: 'tag', tag: 'VIP' },
  { kind: 'attribute', name: 'points', type: 'number' },
  { kind: 'attributes' },
];
const headers = columns.map((column, index) => `header ${index} ${'field' in column ? column.field : column.kind}`);
const place = { headers, columns, matchBy: 'member_id' as const };

/** Reasons of the whole line, and of lists, that no one column has. */
const OF_THE_LINE = ['column_count', 'lines_swallowed', 'bare_return', 'contact_deleted', 'parameter_too_long'];

test('every reason of a cell names the column', () => {
  const unnamed = INVALID_REASONS.filter(
    (reason) =>
      !describeReason(reason === 'character_unreadable' ? `${reason}#2` : reason, place).startsWith('Column “header '),
  );
  expect(unnamed).toEqual(OF_THE_LINE);
  expect(describeReason('contact_not_found', place)).toContain('member_id”');
  expect(describeReason('attributes_invalid', place)).toContain('attributes”');
  expect(describeReason('subscribed_since_invalid', place)).toContain('subscribed_since”');
  const whatsapp = { headers: ['tel'], columns: [{ kind: 'field' as const, field: 'phone' as const }] };
  expect(describeReason('contact_not_found', { ...whatsapp, matchBy: 'social_id' })).toMatch(/^Column “tel”/);
});

test.each([
  ['phone_invalid', ['0912345678', '+886912345678']],
  ['phone_not_mobile', ['mobile']],
  ['phone_country_unclear', ['+86', '--country CN']],
  ['email_invalid', ['name@example.com']],
  ['social_id_invalid', ['U and 32', 'digits', 'phone']],
  ['social_id_not_a_user', ['U and 32']],
  ['subscribed_invalid', ['yes', '否', '已訂閱']],
  ['subscribed_since_invalid', ['2024-03-05', '--date-format']],
  ['last_interaction_at_format_undeclared', ['05/06/2024', '--date-format dd/MM/yyyy']],
  ['tag_invalid', ['yes', '否']],
  ['attribute_number_invalid', ['1,234.5', '5.064,75', '--map "ignored=header 13 attribute"']],
  ['attribute_date_invalid', ['2024年3月5日']],
  ['avatar_url_invalid', ['http', '2,048']],
  ['time_zone_invalid', ['Asia/Taipei']],
  ['member_id_scientific_notation', ['export it as text']],
  ['display_name_too_long', ['255']],
  ['contact_not_found', ['LINE user id, PSID or phone', '--match-by']],
  ['character_unreadable', ['--encoding']],
])('%s says what is accepted', (reason, accepted) => {
  const text = describeReason(reason, place);
  for (const word of accepted) expect(text).toContain(word);
});

test('a number that stands as an example is not taken for that of the cell', () => {
  for (const reason of ['social_id', 'member_id', 'phone'])
    expect(describeReason(`${reason}_scientific_notation`)).toMatch(/\(as in [\d.]+E\+\d+\)/);
});
