// Words for parts of the day before or after a 12-hour clock: every word with every hour that it can go with, and no other.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseDate } from '../../../pipelines/values/dates.ts';

/** The UTC hour and minute of a time in a zone without an offset, or why there is none. */
function read(clock: string, format: string | null = null): string {
  const result = normaliseDate(`2024-03-05 ${clock}`, { timeZone: 'UTC', format });
  return result.ok ? result.iso.slice(0, 16).replace('T', ' ') : result.reason;
}

/** For each word, the hours of the day it names, by the hour on the clock; what is not there cannot be. */
const EXPECTED: Record<string, Record<number, number>> = {
  凌晨: { 12: 0, 0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6 },
  半夜: { 12: 0, 0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6 },
  清晨: { 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8 },
  早上: { 12: 0, 0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11 },
  上午: { 12: 0, 0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11 },
  中午: { 10: 10, 11: 11, 12: 12, 13: 13, 14: 14, 0: 12, 1: 13, 2: 14 },
  傍晚: { 4: 16, 5: 17, 6: 18, 7: 19, 16: 16, 17: 17, 18: 18, 19: 19 },
  晚上: { 12: 0, 0: 0, 1: 1, 2: 2, 3: 3, 5: 17, 6: 18, 7: 19, 8: 20, 9: 21, 10: 22, 11: 23 },
};
for (let hour = 17; hour < 24; hour += 1) EXPECTED['晚上']![hour] = hour;
EXPECTED['下午'] = { 0: 12, 12: 12 };
for (let hour = 1; hour < 12; hour += 1) {
  EXPECTED['下午'][hour] = hour + 12;
  EXPECTED['下午'][hour + 12] = hour + 12;
}
EXPECTED['AM'] = EXPECTED['上午']!;
EXPECTED['PM'] = EXPECTED['下午'];

describe('words for parts of the day', () => {
  it.each([
    ['晚上 12:30', '2024-03-05 00:30'],
    ['晚上 11:30', '2024-03-05 23:30'],
    ['中午 12:30', '2024-03-05 12:30'],
    ['中午 11:30', '2024-03-05 11:30'],
    ['早上 7:05', '2024-03-05 07:05'],
    ['凌晨 12:30', '2024-03-05 00:30'],
    ['12:30 AM', '2024-03-05 00:30'],
    ['12:30 PM', '2024-03-05 12:30'],
    ['下午 12:30', '2024-03-05 12:30'],
    ['凌晨 11:00', 'date_invalid'],
  ])('%s is %s', (clock, expected) => {
    expect(read(clock)).toBe(expected);
  });

  it('every word with every hour is one time or none, in the forms found by themselves and in a declared one', () => {
    const word = fc.constantFrom(...Object.keys(EXPECTED));
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 24 }), fc.integer({ min: 0, max: 59 }), (name, hour, minute) => {
        const at = EXPECTED[name]![hour];
        const minutes = String(minute).padStart(2, '0');
        const expected = at === undefined ? 'date_invalid' : `2024-03-05 ${String(at).padStart(2, '0')}:${minutes}`;
        expect(read(`${name} ${hour}:${minutes}`)).toBe(expected);
        expect(read(`${name}${hour}時${minute}分`)).toBe(expected);
        expect(read(`${name} ${hour}:${minutes}`, 'yyyy-MM-dd a h:mm')).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
