// Which column of a list is its key, and which fill the message: found, mapped, and asked back when it is not clear.
import { describe, expect, it } from 'vitest';
import { findListColumns, type ListColumnsRequest } from '../../../pipelines/audience/list-columns.ts';

const find = (headers: string[], given: Partial<ListColumnsRequest> = {}) =>
  findListColumns({
    headers,
    hasHeader: true,
    data: [],
    channelKind: 'line',
    defaultCountry: 'TW',
    matchBy: null,
    map: {},
    places: [],
    ...given,
  });

const code = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe('the key', () => {
  it.each([
    [['LINE UID', '姓名'], 'social_id', 0],
    [['姓名', '會員編號'], 'member_id', 1],
    [['姓名', ' Ｅmail （必填）'], 'email', 1],
    [['姓名', '聯絡電話'], 'phone', 1],
    [['電話', '手機'], 'phone', 1],
    [['sluice_line', 'phone'], 'phone', 1],
  ])('%j', (headers, matchBy, keyColumn) => {
    expect(find(headers)).toEqual({ matchBy, keyColumn, sources: [] });
  });

  it('is the one asked for, where there are several', () => {
    const headers = ['會員編號', '手機'];
    expect(code(() => find(headers))).toBe('key_ambiguous');
    expect(find(headers, { matchBy: 'phone' })).toMatchObject({ matchBy: 'phone', keyColumn: 1 });
    expect(find(headers, { map: { phone: '手機' } })).toMatchObject({ matchBy: 'phone', keyColumn: 1 });
    expect(code(() => find(headers, { map: { phone: '手機', member_id: '會員編號' } }))).toBe('key_ambiguous');
  });

  it('may be a column of any name', () => {
    expect(find(['a', 'b'], { map: { member_id: 'B' } })).toMatchObject({ matchBy: 'member_id', keyColumn: 1 });
    expect(find(['a', 'b'], { matchBy: 'member_id', map: { member_id: 'b' } })).toMatchObject({ keyColumn: 1 });
    expect(code(() => find(['a', 'b']))).toBe('no_identifier');
    expect(code(() => find(['a', 'b'], { map: { member_id: 'c' } }))).toBe('map_column_missing');
    expect(code(() => find(['手機', '行動電話']))).toBe('field_duplicate');
    expect(code(() => find(['a', 'a '], { map: { member_id: 'a' } }))).toBe('header_duplicate');
  });

  it('is the phone on WhatsApp, whatever it is called', () => {
    const channelKind = 'whatsapp';
    expect(find(['WhatsApp'], { channelKind })).toMatchObject({ matchBy: 'phone', keyColumn: 0 });
    expect(code(() => find(['WhatsApp'], { channelKind, matchBy: 'social_id' }))).toBe('match_key_unsupported');
    expect(code(() => find(['x'], { channelKind, map: { social_id: 'x' } }))).toBe('match_key_unsupported');
  });

  it('is known by its values where there is no header', () => {
    const uid = `U${'0123456789abcdef'.repeat(2)}`;
    const data = [{ line: 1, byteStart: 0, byteLength: 1, fields: ['x', uid] }];
    const columns = { hasHeader: false, data, places: ['column 1'] };
    expect(find(['column 1', 'column 2'], columns)).toEqual({
      matchBy: 'social_id',
      keyColumn: 1,
      sources: [{ column: 0 }],
    });
  });

  it('says nothing of a first line that may be a person', () => {
    expect(() => find(['王小明', '台北'])).toThrow(
      expect.objectContaining({ hint: expect.not.stringContaining('王小明') }),
    );
  });
});

describe('places', () => {
  it('are columns by header, mapped columns, and what the contact has', () => {
    const { sources } = find(['會員編號', ' 折扣碼', 'City'], {
      places: ['折扣碼', 'town', 'contact.email', '會員編號'],
      map: { town: 'city' },
    });
    expect(sources).toEqual([{ column: 1 }, { column: 2 }, { contact: 'email' }, { column: 0 }]);
  });

  it.each([['nothing'], ['contact.password'], ['CITY']])('%s is not one', (place) => {
    expect(code(() => find(['會員編號', 'City'], { places: [place] }))).toBe('placeholder_unknown');
  });

  it('a mapping that nothing asks for is a mistake', () => {
    expect(code(() => find(['會員編號', 'City'], { map: { town: 'City' } }))).toBe('map_target_unknown');
    expect(code(() => find(['會員編號', '手機'], { matchBy: 'member_id', map: { phone: '手機' } }))).toBe(
      'map_target_unknown',
    );
  });
});
