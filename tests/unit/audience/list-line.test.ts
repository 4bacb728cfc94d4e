// A record of a list to its line: the key as the import reads it, the cells the message uses, and COPY text of both.
import { describe, expect, it } from 'vitest';
import { copyListBlock } from '../../../pipelines/audience/list-block.ts';
import { listLineReader } from '../../../pipelines/audience/list-line.ts';
import type { ListPlan } from '../../../pipelines/audience/list-plan.ts';
import { INVALID_REASONS } from '../../../pipelines/values/reasons.ts';

const base: ListPlan = {
  channelKind: 'line',
  defaultCountry: 'TW',
  delimiter: ',',
  quote: '"',
  columns: 2,
  matchBy: 'phone',
  phoneMatch: 'e164',
  keyColumn: 0,
  sources: [],
};
const place = { line: 2, byteStart: 10, byteLength: 5 };
const read = (fields: string[], plan: Partial<ListPlan> = {}) => {
  const { reason, key, parameters } = listLineReader({ ...base, ...plan })({ ...place, fields });
  if (reason !== null) expect(INVALID_REASONS).toContain(reason);
  return reason ?? { key, parameters };
};
const UID = `U${'0123456789abcdef'.repeat(2)}`;

describe('the key', () => {
  it.each([
    ['phone', '0912-345-678', '+886912345678'],
    ['phone', '９１２３４５６７８', '+886912345678'],
    ['phone', '02-2345-6789', '+886223456789'],
    ['email', ' Amy@Example.COM', 'amy@example.com'],
    ['member_id', ' 007 ', '007'],
    ['social_id', UID, UID],
  ] as const)('%s %s', (matchBy, cell, key) => {
    expect(read([cell, 'x'], { matchBy })).toEqual({ key, parameters: null });
  });

  it.each([
    ['phone', '12', 'phone_invalid'],
    ['phone', '8.86913E+11', 'phone_scientific_notation'],
    ['phone', ' ', 'phone_missing'],
    ['email', 'amy', 'email_invalid'],
    ['email', '', 'email_missing'],
    ['member_id', 'NULL', 'member_id_placeholder'],
    ['member_id', '\u200B', 'member_id_missing'],
    ['social_id', 'U1', 'social_id_invalid'],
    ['social_id', '', 'social_id_missing'],
  ] as const)('%s %s is %s', (matchBy, cell, reason) => {
    expect(read([cell, 'x'], { matchBy })).toBe(reason);
  });

  it('of WhatsApp must be able to receive messages', () => {
    expect(read(['02-2345-6789', ''], { channelKind: 'whatsapp' })).toBe('phone_not_mobile');
  });

  it('may be literal', () => {
    const literal = { phoneMatch: 'literal' } as const;
    expect(read([' 0912-345\0-678 ', ''], literal)).toEqual({ key: '0912-345-678', parameters: null });
    expect(read(['9'.repeat(201), ''], literal)).toBe('phone_too_long');
  });

  it('needs the columns of the header, blank ones aside', () => {
    expect(read(['0912345678'])).toBe('column_count');
    expect(read(['0912345678', 'a', 'b'])).toBe('column_count');
    expect(read(['0912345678', 'a', ' '])).toMatchObject({ key: '+886912345678' });
  });
});

describe('parameters', () => {
  const sources = [{ column: 1 }, { contact: 'email' as const }, { column: 0 }];

  it('are cells as they stand, without what cannot be seen; a blank one is missing', () => {
    expect(read(['0912345678', ' "hi"\r\n{{x}}\u0000 '], { sources })).toEqual({
      key: '+886912345678',
      parameters: ['"hi"\n{{x}}', null, '0912345678'],
    });
    expect(read(['0912345678', ' \u200B'], { sources })).toMatchObject({ parameters: [null, null, '0912345678'] });
  });

  it('have a length', () => {
    expect(read(['0912345678', 'x'.repeat(10_000)], { sources })).toMatchObject({ key: '+886912345678' });
    expect(read(['0912345678', 'x'.repeat(10_001)], { sources })).toBe('parameter_too_long');
  });
});

it('a block becomes COPY text, blank records are counted', () => {
  const bytes = Buffer.from('0912345678,"a\tb\\{""c"",}"\n\n , \nx,y\n0922333444,NULL\n');
  const plan = { ...base, sources: [{ column: 1 }, { contact: 'phone' as const }] };
  const block = copyListBlock({ bytes, byteStart: 100, firstLine: 2 }, plan);
  expect(Buffer.from(block.copyText).toString()).toBe(
    [
      '2\t100\t25\t\\N\t+886912345678\t{"a\\tb\\\\\\\\{\\\\"c\\\\",}",NULL}',
      '5\t131\t3\tphone_invalid\t\\N\t\\N',
      '6\t135\t15\t\\N\t+886922333444\t{"NULL",NULL}',
      '',
    ].join('\n'),
  );
  expect(block).toMatchObject({ rows: 3, blank: 2, firstLine: 2, lastLine: 6, nextByte: 151, nextLine: 7 });
});
