// How an address is read before it is hashed: a wrong reading would let a suppressed person be messaged.
import { expect, test } from 'vitest';
import { canonicalAddress } from '../../../pipelines/suppressions/suppression-store.ts';
import { formsOf } from '../../../pipelines/values/phone.ts';

const tw = { defaultCountry: 'TW', psid: true };

test.each([
  ['0912-345-678', '+886912345678'],
  ['+852 9123 4567', '+85291234567'],
  ['User@Example.COM', 'user@example.com'],
  [`U${'0'.repeat(32)}`, `U${'0'.repeat(32)}`],
  ['4277829055510000', '4277829055510000'],
  ['0912345', null],
  ['not an address', null],
])('%s is %s', (raw, canonical) => {
  expect(canonicalAddress(raw, tw)).toBe(canonical);
});

test('digits that are no phone are a PSID only where there are any', () => {
  expect(canonicalAddress('4277829055510000', { ...tw, psid: false })).toBeNull();
  expect(canonicalAddress('0912345678', { defaultCountry: 'HK', psid: true })).toBeNull();
});

test('a country nobody knows is refused, not read around', () => {
  expect(() => canonicalAddress('0912345678', { defaultCountry: 'tw', psid: true })).toThrow(/country code/);
});

test('an Argentine mobile is one number with its 9 and without', () => {
  expect(formsOf('+541123456789')).toEqual(['+541123456789', '+5491123456789']);
  expect(formsOf('+5491123456789')).toEqual(['+5491123456789', '+541123456789']);
  for (const other of ['+886912345678', '+5255876543210', 'user@example.com', '5491123456789'])
    expect(formsOf(other)).toEqual([other]);
});
