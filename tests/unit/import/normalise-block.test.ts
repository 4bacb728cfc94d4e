// Lines to staged rows: every record has exactly one place in the counts, every bad line one stable reason.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnTarget } from '../../../contracts/contact-fields.ts';
import { normaliseBlock } from '../../../pipelines/import/normalise-block.ts';
import { describeReason, INVALID_REASONS } from '../../../pipelines/values/reasons.ts';
import type { NormalisePlan, StagedRow } from '../../../pipelines/import/staged-row.ts';

const UID = `U${'0123456789abcdef'.repeat(2)}`;
const field = (name: string) => ({ kind: 'field', field: name }) as ColumnTarget;

function plan(columns: ColumnTarget[], changes: Partial<NormalisePlan> = {}): NormalisePlan {
  return {
    channelKind: 'line',
    defaultCountry: 'TW',
    timeZone: 'Asia/Taipei',
    delimiter: ',',
    quote: '"',
    columns,
    matchBy: 'social_id',
    tagSeparator: ';',
    dateFormat: null,
    clearEmpty: false,
    ...changes,
  };
}

function rows(text: string, withPlan: NormalisePlan): StagedRow[] {
  return normaliseBlock({ bytes: Buffer.from(text), byteStart: 100, firstLine: 2 }, withPlan).rows;
}

const FULL = plan([
  field('social_id'),
  field('display_name'),
  field('phone'),
  field('email'),
  field('member_id'),
  { kind: 'tags' },
  { kind: 'tag', tag: 'VIP' },
  field('subscribed'),
  field('subscribed_since'),
  field('time_zone'),
  field('avatar_url'),
  { kind: 'attribute', name: '點數', type: 'number' },
  { kind: 'ignored' },
]);

describe('lines that are not quite lines', () => {
  const few = plan([field('social_id'), field('display_name'), { kind: 'attribute', name: '備註', type: 'text' }], {
    width: 3,
    lostCharacters: true,
  });

  it('a short row is invalid, or taken with its last cells blank', () => {
    expect(rows(`${UID}\n${UID},王\n`, few).map(({ reason }) => reason)).toEqual(['column_count', 'column_count']);
    expect(describeReason('column_count')).toContain('--short-rows pad');
    expect(rows(`${UID},王\n`, { ...few, shortRows: 'pad' })).toMatchObject([
      { reason: null, displayName: '王', attributes: null },
    ]);
    expect(rows(`,王\n`, { ...few, shortRows: 'pad' })).toMatchObject([{ reason: 'social_id_missing' }]);
    expect(rows(`${UID},王,x,y\n`, { ...few, shortRows: 'pad' })).toMatchObject([{ reason: 'column_count' }]);
  });

  it('a lost character costs its line in a key or a name, itself in a note', () => {
    expect(rows(`${UID},王\uFFFD,x\n${UID},王,x\uFFFD\n`, few)).toMatchObject([
      { reason: 'character_unreadable#2' },
      { reason: null, attributes: { 備註: 'x\uFFFD' } },
    ]);
    // Of a file that was read whole it is a character like others: so it was written.
    expect(rows(`${UID},王\uFFFD,x\n`, { ...few, lostCharacters: false })).toMatchObject([{ displayName: '王\uFFFD' }]);
  });

  it('a cell that holds whole lines makes its line invalid', () => {
    const other = UID.replace('0', '1');
    expect(rows(`${UID},"a,b\n${other},c",d\n`, few)).toMatchObject([{ line: 2, reason: 'lines_swallowed' }]);
  });
});

describe('normaliseBlock', () => {
  it('fills every field', () => {
    const line = `${UID}, 王小明 ,０９１２３４５６７８,Amy@Example.com,007,新客;台北,V,是,2024-03-05 08:00:00,asia/taipei,https://example.com/a.png,"1,200",x`;
    expect(rows(`${line}\r\n`, FULL)).toEqual([
      {
        line: 2,
        byteStart: 100,
        byteLength: Buffer.byteLength(line),
        reason: null,
        socialId: UID,
        displayName: '王小明',
        avatarUrl: 'https://example.com/a.png',
        timeZone: 'Asia/Taipei',
        memberId: '007',
        email: 'Amy@example.com',
        emailKey: 'amy@example.com',
        phone: '+886912345678',
        phoneRaw: '０９１２３４５６７８',
        subscribed: true,
        subscribedSince: '2024-03-05T00:00:00.000Z',
        lastInteractionAt: null,
        attributes: { 點數: 1200 },
        tags: ['新客', '台北', 'VIP'],
      },
    ]);
  });

  it('lets empty cells say nothing, or clear where that was asked for', () => {
    const empty = `${UID},,,,,,,,,,,,\n`;
    const quiet = { displayName: null, email: null, phone: null, attributes: null, tags: null, subscribed: null };
    expect(rows(empty, FULL)[0]).toMatchObject({ reason: null, ...quiet });
    const cleared = {
      displayName: '',
      email: '',
      emailKey: '',
      phone: '',
      phoneRaw: '',
      memberId: '',
      attributes: { 點數: null },
      tags: [],
    };
    expect(rows(empty, { ...FULL, clearEmpty: true })[0]).toMatchObject({
      reason: null,
      ...cleared,
      subscribed: null,
      subscribedSince: null,
    });
  });

  const columns = [
    field('social_id'),
    field('phone'),
    field('email'),
    field('subscribed_since'),
    { kind: 'tag', tag: 'x' } as const,
  ];
  it.each([
    [',0912345678,,,', 'social_id_missing'],
    ['abc,bad,,,', 'social_id_invalid'],
    [`${UID},123,,,`, 'phone_invalid'],
    [`${UID},8.86E+11,bad,,`, 'phone_scientific_notation'],
    [`${UID},,amy@,,`, 'email_invalid'],
    [`${UID},,,05/06/2024,`, 'subscribed_since_format_undeclared'],
    [`${UID},,,yesterday,`, 'subscribed_since_invalid'],
    [`${UID},,,,perhaps`, 'tag_invalid'],
    [`${UID},,,`, 'column_count'],
    [`${UID},,,,,extra`, 'column_count'],
    [`${UID},,,,,,`, null],
  ])('%s gives %s', (text, reason) => {
    const [row] = rows(text, plan(columns));
    expect(row?.reason).toBe(reason);
    if (row && reason !== null) {
      const { line: _line, byteStart: _byteStart, byteLength: _byteLength, reason: _reason, ...rest } = row;
      expect(Object.values(rest).every((value) => value === null)).toBe(true);
    }
  });

  it('looks at the key first, wherever its column stands', () => {
    expect(
      rows('bad,,x\n', plan([field('email'), field('member_id'), field('display_name')], { matchBy: 'member_id' }))[0]
        ?.reason,
    ).toBe('member_id_missing');
  });

  it('makes the phone the address on WhatsApp', () => {
    const whatsapp = plan([field('phone'), field('member_id')], { channelKind: 'whatsapp' });
    expect(rows('0912345678,\n', whatsapp)[0]).toMatchObject({ socialId: '+886912345678', phone: '+886912345678' });
    expect(rows('02-23456789,\n', whatsapp)[0]?.reason).toBe('phone_not_mobile');
    expect(rows(',M1\n', whatsapp)[0]?.reason).toBe('phone_missing');
    expect(rows(',M1\n', { ...whatsapp, matchBy: 'member_id' })[0]).toMatchObject({
      reason: null,
      socialId: null,
      memberId: 'M1',
    });
    const own = plan([field('social_id'), field('phone')], { channelKind: 'whatsapp' });
    expect(rows('0912345678,\n', own)[0]).toMatchObject({ socialId: '+886912345678', phone: '+886912345678' });
    expect(rows('0912345678,02-23456789\n', own)[0]).toMatchObject({
      socialId: '+886912345678',
      phone: '+886223456789',
    });
  });

  it('counts every record once: rows and blank ones are all there are', () => {
    const cell = fc.constantFrom(
      '',
      ' ',
      'x',
      UID,
      '0912345678',
      '"a\nb"',
      '\u3000',
      '"",',
      'amy@example.com',
      '1.2E+10',
    );
    const record = fc.array(cell, { minLength: 1, maxLength: 7 }).map((cells) => cells.join(','));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), fc.constantFrom('\n', '\r\n'), (records, lineBreak) => {
        const text = records.map((line) => line + lineBreak).join('');
        const block = normaliseBlock({ bytes: Buffer.from(text), byteStart: 5, firstLine: 9 }, plan(columns));
        expect(block.rows.length + block.blank).toBe(records.length);
        expect(block.nextByte).toBe(5 + Buffer.byteLength(text));
        expect(block.nextLine).toBe(9 + text.split('\n').length - 1);
        for (const row of block.rows) if (row.reason !== null) expect(INVALID_REASONS).toContain(row.reason);
      }),
      { numRuns: 500 },
    );
  });
});

describe('describeReason', () => {
  it('has a sentence for every reason, and passes unknown ones on', () => {
    for (const reason of INVALID_REASONS) {
      expect(reason).toMatch(/^[a-z_]+$/);
      expect(describeReason(reason)).toMatch(/^[A-Z].*\.$/);
    }
    expect(describeReason('of_tomorrow')).toBe('of_tomorrow');
  });
});
