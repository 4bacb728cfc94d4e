// The phone table of the provider notes, and the fast path against the library.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalisePhone } from '../../../pipelines/values/phone.ts';

const TW = { defaultCountry: 'TW' };
const HK = { defaultCountry: 'HK' };

function read(raw: string, options: { defaultCountry: string; whatsapp?: boolean }): string {
  const result = normalisePhone(raw, options);
  return result.ok ? `${result.phone.e164} ${result.phone.type}` : result.reason;
}

const MOBILE = '+886912345678 MOBILE';
describe('normalisePhone', () => {
  it.each([
    ['0912345678', TW, MOBILE],
    ['0912-345-678', TW, MOBILE],
    ['０９１２３４５６７８', TW, MOBILE],
    ["'0912345678", TW, MOBILE],
    ['0912\u200b345678', TW, MOBILE],
    ['="0912345678"', TW, MOBILE],
    ['912345678', TW, MOBILE],
    ['886912345678', TW, MOBILE],
    ['+8860912345678', TW, MOBILE],
    ['+886 (0) 912 345 678', TW, MOBILE],
    ['00886912345678', TW, MOBILE],
    ['912345678.0', TW, MOBILE],
    ['0912345678.0', TW, MOBILE],
    // Bracketed country codes, remarks, several numbers of one cell.
    ['(+886)912-345-678', TW, MOBILE],
    ['（＋８８６）９１２３４５６７８', TW, MOBILE],
    ['( +886 ) 912 345 678', TW, MOBILE],
    ['(+852) 9123 4567', TW, '+85291234567 MOBILE'],
    ['0912 345 678 (媽媽)', TW, MOBILE],
    ['+886 912 345 678 [WhatsApp]', TW, MOBILE],
    ['0912345678 家裡', TW, MOBILE],
    ['+852 2123 4567 ::: +852 9123 4567', TW, '+85291234567 MOBILE'],
    ['0912345678 (02) 2345', TW, 'phone_invalid'],
    // A mainland mobile number without its country code is nobody in North America.
    ['18612345678', TW, 'phone_country_unclear'],
    ['13712345678', HK, 'phone_country_unclear'],
    ['186-1234-5678', HK, 'phone_country_unclear'],
    ['18612345678', { defaultCountry: 'CN' }, '+8618612345678 MOBILE'],
    ['8618612345678', TW, '+8618612345678 MOBILE'],
    ['18012345678', { defaultCountry: 'US' }, '+18012345678 FIXED_LINE_OR_MOBILE'],
    ['+1 801 234 5678', TW, '+18012345678 FIXED_LINE_OR_MOBILE'],
    // WhatsApp's own spelling is one account with the number.
    ['5215587654321', HK, '+525587654321 FIXED_LINE_OR_MOBILE'],
    ['+52 1 55 8765 4321', HK, '+525587654321 FIXED_LINE_OR_MOBILE'],
    ['552187654321', HK, '+5521987654321 MOBILE'],
    ['5521987654321', HK, '+5521987654321 MOBILE'],
    ['+54 11 2345-6789', HK, '+541123456789 FIXED_LINE'],
    ['+54 11 2345-6789', { defaultCountry: 'HK', whatsapp: true }, '+5491123456789 MOBILE'],
    ['5491123456789', { defaultCountry: 'HK', whatsapp: true }, '+5491123456789 MOBILE'],
    ['9.12346E+8', TW, 'phone_scientific_notation'],
    ['8.86912E+11', TW, 'phone_scientific_notation'],
    ['02-2345-6789', TW, '+886223456789 FIXED_LINE'],
    ['(02)23456789 #123', TW, '+886223456789 FIXED_LINE'],
    ['(02)23456789 分機 123', TW, '+886223456789 FIXED_LINE'],
    ['0800000123', TW, '+886800000123 TOLL_FREE'],
    ['91234567', HK, '+85291234567 MOBILE'],
    ['51234567', HK, '+85251234567 MOBILE'],
    ['61234567', HK, '+85261234567 MOBILE'],
    ['21234567', HK, '+85221234567 FIXED_LINE'],
    ['81234567', HK, '+85281234567 PERSONAL_NUMBER'],
    ['71234567', HK, 'phone_invalid'],
    ['41234567', HK, 'phone_invalid'],
    ['91234567', TW, 'phone_invalid'],
    ['85291234567', TW, '+85291234567 MOBILE'],
    ['852 9123 4567', TW, '+85291234567 MOBILE'],
    ['+85291234567', TW, '+85291234567 MOBILE'],
    ['+886912345678', HK, MOBILE],
    ['0912345678、0922333444', TW, MOBILE],
    ['02-2345-6789 / 0912-345-678', TW, MOBILE],
    ['手機0912345678', TW, 'phone_invalid'],
    ['', TW, 'phone_missing'],
    ['\u3000', TW, 'phone_missing'],
    ['0'.repeat(300), TW, 'phone_too_long'],
    ['+0912345678', TW, 'phone_invalid'],
  ])('%j under %j is %s', (raw, options, expected) => {
    expect(read(raw, options)).toBe(expected);
  });

  it('keeps the raw cell, tells the other numbers, and says what may be messaged', () => {
    const result = normalisePhone(' 02-2345-6789, 0912345678 ', TW);
    expect(result.ok && result.phone).toEqual({
      e164: '+886912345678',
      raw: '02-2345-6789, 0912345678',
      type: 'MOBILE',
      messageable: true,
      others: ['+886223456789'],
    });
    const toll = normalisePhone('0800000123', TW);
    expect(toll.ok && toll.phone.messageable).toBe(false);
  });

  it('answers plain forms as the library does', () => {
    const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
    const text = fc.oneof(
      digits(8),
      digits(9),
      digits(10),
      digits(8).map((rest) => `09${rest}`),
      digits(8).map((rest) => `9${rest}`),
      digits(8).map((rest) => `+8869${rest}`),
      digits(8).map((rest) => `+852${rest}`),
    );
    const mark = fc.constantFrom('', '', ' ', '-', '.');
    const marked = fc
      .tuple(fc.constantFrom('0', '', '+886', '+886 '), digits(8), mark, mark)
      .map(([prefix, d, a, b]) => `${prefix}9${d.slice(0, 2)}${a}${d.slice(2, 5)}${b}${d.slice(5)}`);
    const halves = fc
      .tuple(fc.constantFrom('', '+852', '+852-', '+852 '), digits(8), mark)
      .map(([prefix, d, a]) => `${prefix}${d.slice(0, 4)}${a}${d.slice(4)}`);
    fc.assert(
      fc.property(fc.oneof(text, marked, halves), fc.constantFrom('TW', 'HK'), (raw, defaultCountry) => {
        expect(normalisePhone(raw, { defaultCountry })).toEqual(
          normalisePhone(raw, { defaultCountry, libraryOnly: true }),
        );
      }),
      { numRuns: 5000 },
    );
  });
});
