// The sliding window is exact: it decides as a naive log of all let-through requests does.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WindowLog } from '../../../simulator/window-log.ts';

const WINDOW_US = 1_000_000;

/** As the rule is written: refused iff `limit` let-through requests lie in (t - window, t]. */
function naive(limit: number, times: number[]): boolean[] {
  const through: number[] = [];
  return times.map((t) => {
    const admitted = through.filter((earlier) => earlier > t - WINDOW_US && earlier <= t).length < limit;
    if (admitted) through.push(t);
    return admitted;
  });
}

const arrivals = fc
  // Gaps of exactly the window, or one µs beside it, are where a window goes wrong.
  .array(fc.oneof(fc.integer({ min: 0, max: 400_000 }), fc.constantFrom(0, 999_999, WINDOW_US, 1_000_001)), {
    maxLength: 60,
  })
  .map((gaps) => gaps.reduce<number[]>((times, gap) => [...times, (times.at(-1) ?? 1_700_000_000_000_000) + gap], []));

test('a window decides as a log of everything would', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), arrivals, (limit, times) => {
      const window = new WindowLog(limit, WINDOW_US);
      expect(times.map((t) => window.admit(t))).toEqual(naive(limit, times));
    }),
  );
});

test('the oldest request leaves the window exactly when it is a window old', () => {
  const window = new WindowLog(2, WINDOW_US);
  expect([0, 10, 999_999, WINDOW_US, WINDOW_US + 9, WINDOW_US + 10].map((t) => window.admit(t))).toEqual([
    ...[true, true, false],
    // (0, 1s] holds only the one at 10; after that the one at 10 and this one.
    ...[true, false, true],
  ]);
});

test('a limit of 0 is no limit', () => {
  const window = new WindowLog(0, WINDOW_US);
  expect(Array.from({ length: 5 }, () => window.admit(7))).toEqual(Array(5).fill(true));
});

test('a changed limit counts what went through under the old one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.nat(12), (before, after, sent) => {
      const window = new WindowLog(before, WINDOW_US);
      let through = 0;
      for (let i = 0; i < sent; i++) if (window.admit(i)) through += 1;
      window.resize(after);
      let more = 0;
      for (let i = 0; i < 20; i++) if (window.admit(100 + i)) more += 1;
      // A raised limit adds the difference, a lowered one lets nothing through that the new one forbids.
      expect(more).toBe(Math.max(0, after - Math.min(through, after)));
    }),
  );
});
