// Which column of a file says what: words, --map, --match-by, and what is refused instead of guessed.
import { describe, expect, test } from 'vitest';
import type { MatchKey } from '../../../contracts/contact-fields.ts';
import { findTagColumns, type TagColumns, type TagColumnsRequest } from '../../../pipelines/tags/tag-columns.ts';

const find = (headers: string[], more: Partial<TagColumnsRequest> = {}): TagColumns =>
  findTagColumns({ headers, channelKind: 'line', map: {}, matchBy: null, ...more });
const codeOf = (headers: string[], more: Partial<TagColumnsRequest> = {}): unknown => {
  try {
    return find(headers, more);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('by words', () => {
  test('English and Chinese, in any order', () => {
    expect(find(['time', 'tag', 'source', 'LINE UID', 'kind', 'message id'])).toEqual({
      matchBy: 'social_id',
      key: 3,
      tag: 1,
      time: 0,
      source: 2,
      messageId: 5,
      kind: 4,
    });
    expect(find(['會員編號', '標籤名稱', '貼標時間'])).toMatchObject({
      matchBy: 'member_id',
      key: 0,
      tag: 1,
      time: 2,
      source: null,
    });
  });

  test('a sure word goes before a likely one; two sure ones are refused', () => {
    expect(find(['uid', 'name', 'tag', 'date', 'time'])).toMatchObject({ tag: 2, time: 4 });
    expect(find(['uid', 'name', 'date'])).toMatchObject({ tag: 1, time: 2 });
    expect(codeOf(['uid', 'tag', 'label', 'time'])).toBe('field_duplicate');
    expect(codeOf(['uid', 'tag', 'timestamp', 'time'])).toBe('field_duplicate');
  });

  test('of several identifiers the social id, unless --match-by says another', () => {
    const headers = ['email', 'uid', '手機', 'tag', 'time'];
    expect(find(headers)).toMatchObject({ matchBy: 'social_id', key: 1 });
    for (const [matchBy, key] of [
      ['email', 0],
      ['phone', 2],
    ] as [MatchKey, number][])
      expect(find(headers, { matchBy })).toMatchObject({ matchBy, key });
    expect(codeOf(headers, { matchBy: 'member_id' })).toBe('no_identifier');
  });

  test('our own columns of a rejects file mean nothing', () => {
    expect(find(['uid', 'tag', 'time', 'sluice_line', 'sluice_outcome', 'sluice_reason'])).toMatchObject({
      source: null,
      kind: null,
    });
  });
});

describe('by --map', () => {
  test('goes before words, and frees the others', () => {
    expect(find(['uid', 'tag', 'time', 'real tag'], { map: { tag: 'real tag' } })).toMatchObject({ tag: 3, time: 2 });
    expect(find(['who', 'what', 'at'], { map: { contact: 'who', tag: 'what', time: 'at' }, matchBy: 'phone' })).toEqual(
      {
        matchBy: 'phone',
        key: 0,
        tag: 1,
        time: 2,
        source: null,
        messageId: null,
        kind: null,
      },
    );
    // A column that is taken gives no second meaning.
    expect(find(['uid', 'name', 'time', 'event'], { map: { tag: 'event' } })).toMatchObject({ tag: 3, kind: null });
  });

  test('the columns of a public data set, with its users as members', () => {
    expect(find(['user_id', 'tag', 'tagged_at', 'source'], { map: { member_id: 'user_id' } })).toEqual({
      matchBy: 'member_id',
      key: 0,
      tag: 1,
      time: 2,
      source: 3,
      messageId: null,
      kind: null,
    });
  });

  test.each([
    [{ colour: 'tag' }, 'map_target_unknown'],
    [{ tag: 'colour' }, 'map_column_missing'],
    [{ tag: 'tag', source: 'tag' }, 'map_column_twice'],
    [{ member_id: 'tag', phone: 'time' }, 'field_duplicate'],
  ])('%o is refused', (map, code) => expect(codeOf(['uid', 'tag', 'time'], { map })).toBe(code));
});

test('a mapping written the wrong way round is refused with the right one', () => {
  const request = { headers: ['user_id', 'tag', 'time'], channelKind: 'line', matchBy: null } as const;
  expect(() => findTagColumns({ ...request, headers: [...request.headers], map: { user_id: 'member_id' } })).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('--map member_id=user_id') as string }) as Error,
  );
});

test('what is missing is named', () => {
  expect(codeOf(['tag', 'time'])).toBe('no_identifier');
  expect(codeOf(['uid', 'time'])).toBe('tag_column_missing');
  expect(codeOf(['uid', 'tag'])).toBe('time_column_missing');
});
