// What `contacts export` writes is what the import reads: tags of any spelling, names that begin like a formula.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contactCsvHeader, contactCsvRow } from '../../../pipelines/contacts/contact-csv.ts';
import type { ContactView } from '../../../pipelines/contacts/contact-query.ts';
import { joinTags, splitTags } from '../../../pipelines/values/tag-list.ts';
import { normaliseText } from '../../../pipelines/values/text.ts';
import { mapHeaders } from '../../../pipelines/import/header-mapping.ts';
import { rowNormaliser } from '../../../pipelines/import/normalise-row.ts';
import { guardedCell } from '../../../pipelines/values/csv-cell.ts';

/** A tag as the import stores one. */
const tag = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    fc.string({
      unit: fc.constantFrom('a', ',', '，', '、', '"', ';', ' ', "'", '=', '-', '王'),
      minLength: 1,
      maxLength: 8,
    }),
  )
  .map((text) => normaliseText(text, { maxLength: 100, oneLine: true }))
  .filter((text) => text.ok)
  .map((text) => (text.ok ? text.text : ''));
const tags = fc.uniqueArray(tag, { maxLength: 6 });

const CONTACT = {
  contactId: '1',
  channelId: 'line',
  socialId: `U${'0'.repeat(32)}`,
  displayName: null,
  memberId: null,
  email: null,
  phone: null,
  subscribed: true,
  subscribedSince: '2024-03-04T16:00:00.000Z',
  lastInteractionAt: null,
  avatarUrl: null,
  whatsappId: null,
  timeZone: null,
  attributes: {},
  tags: [] as string[],
  source: 'import',
  createdAt: '',
  updatedAt: '',
} as unknown as ContactView;

/** The cells of one record that Sluice wrote. */
function cells(record: string): string[] {
  return [...record.replace(/\r\n$/, '').matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

it('tags of any spelling come back whole, in their order', () => {
  fc.assert(
    fc.property(tags, (given) => {
      expect(splitTags(joinTags(given), ',')).toEqual({ ok: true, tags: given });
    }),
    { numRuns: 2000 },
  );
});

it('a contact that is exported and imported is the same: name and tags', () => {
  const headers = cells(contactCsvHeader());
  const { columns } = mapHeaders(headers, {
    channelKind: 'line',
    map: {},
    definitions: [],
    createAttributes: false,
    guessType: () => 'text',
  });
  const read = rowNormaliser({
    channelKind: 'line',
    defaultCountry: 'TW',
    timeZone: 'Asia/Taipei',
    delimiter: ',',
    quote: '"',
    columns: columns.map(({ target }) => target),
    matchBy: 'social_id',
    tagSeparator: ',',
    dateFormat: null,
    clearEmpty: false,
  });
  fc.assert(
    fc.property(tag, tags, (displayName, given) => {
      const record = contactCsvRow({ ...CONTACT, displayName, tags: given });
      const row = read({ line: 2, byteStart: 0, byteLength: 1, fields: cells(record) });
      expect({ reason: row.reason, name: row.displayName, tags: row.tags ?? [] }).toEqual({
        reason: null,
        name: displayName,
        tags: given,
      });
    }),
    { numRuns: 2000 },
  );
});

it.each([
  ['=1+1', "'=1+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['-2+3', "'-2+3"],
  ['+cmd|x', "'+cmd|x"],
  ["'=x", "''=x"],
  ['+886912345678', '+886912345678'],
  ['-12.5', '-12.5'],
  ['王=小明', '王=小明'],
])('%s stands as %s, so that no spreadsheet runs it', (value, expected) => {
  expect(guardedCell(value, ',')).toBe(expected);
});

it('names written by hand with quotes are read as before', () => {
  expect(splitTags('"VIP,新客", a"b, "未關', ',')).toEqual({ ok: true, tags: ['VIP,新客', 'a"b', '"未關'] });
  expect(splitTags('5" 螢幕,VIP', ',')).toEqual({ ok: true, tags: ['5" 螢幕', 'VIP'] });
});
