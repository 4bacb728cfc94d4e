import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFrequencyInput, parseWindow, partsFor } from '../../../contracts/tag-frequency.ts';
import { instantUs, isoOfUs, resolveWindow, spanBefore } from '../../../pipelines/frequency/windows.ts';

const asOf = (iso: string) => Date.parse(iso);
function span(name: string, at: string, zone = 'Asia/Taipei'): [string, string] {
  const { fromMs, toMs } = resolveWindow(name, asOf(at), zone);
  return [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
}

describe('windows', () => {
  it('rolling: N times 24 hours, whatever the clocks do', () => {
    expect(span('7d', '2026-03-10T05:00:00Z', 'America/New_York')).toEqual([
      '2026-03-03T05:00:00.000Z',
      '2026-03-10T05:00:00.000Z',
    ]);
  });

  it('calendar: the last whole one in the business time zone', () => {
    expect(span('day', '2026-03-01T15:59:59Z')).toEqual(['2026-02-27T16:00:00.000Z', '2026-02-28T16:00:00.000Z']);
    expect(span('day', '2026-03-01T16:00:00Z')).toEqual(['2026-02-28T16:00:00.000Z', '2026-03-01T16:00:00.000Z']);
    // 2026-03-04 is a Wednesday; weeks begin on Monday.
    expect(span('week', '2026-03-04T00:00:00Z')).toEqual(['2026-02-22T16:00:00.000Z', '2026-03-01T16:00:00.000Z']);
    expect(span('week', '2026-03-01T16:00:00Z')).toEqual(['2026-02-22T16:00:00.000Z', '2026-03-01T16:00:00.000Z']);
    expect(span('month', '2024-03-15T00:00:00Z')).toEqual(['2024-01-31T16:00:00.000Z', '2024-02-29T16:00:00.000Z']);
  });

  it('a day of 23 and one of 25 hours', () => {
    const hours = (at: string) => {
      const [from, to] = span('day', at, 'America/New_York');
      return (Date.parse(to) - Date.parse(from)) / 3_600_000;
    };
    expect([hours('2026-03-09T12:00:00Z'), hours('2026-11-02T12:00:00Z')]).toEqual([23, 25]);
  });

  it('to date: from the beginning up to the as-of; empty at midnight', () => {
    expect(span('month-to-date', '2026-03-04T10:00:00Z')).toEqual([
      '2026-02-28T16:00:00.000Z',
      '2026-03-04T10:00:00.000Z',
    ]);
    expect(span('day-to-date', '2026-03-03T16:00:00Z')).toEqual([
      '2026-03-03T16:00:00.000Z',
      '2026-03-03T16:00:00.000Z',
    ]);
  });

  it('spans of days and of instants', () => {
    expect(span('2024-02-28..2024-03-01', '2026-01-01T00:00:00Z')).toEqual([
      '2024-02-27T16:00:00.000Z',
      '2024-02-29T16:00:00.000Z',
    ]);
    expect(span('2026-01-01T00:00:00+08:00..2026-01-02', '2026-01-01T00:00:00Z')).toEqual([
      '2025-12-31T16:00:00.000Z',
      '2026-01-01T16:00:00.000Z',
    ]);
  });

  it('what is none', () => {
    for (const name of [
      '0d',
      '7',
      '7days',
      'year',
      '2026-02-30..2026-03-01',
      '2026-01-01',
      'a..b',
      '2026-01-01T00:00:00.1234Z..2026-01-02',
    ])
      expect(parseWindow(name)).toBeNull();
    expect(() => resolveWindow('2026-01-02..2026-01-02', 0, 'UTC')).toThrow('ends before it begins');
  });

  it('the window before has the same length and ends where this one begins', () => {
    const window = resolveWindow('30d', asOf('2026-03-01T00:00:00Z'), 'UTC');
    expect(spanBefore(window)).toEqual({ fromMs: window.fromMs - 30 * 86_400_000, toMs: window.fromMs });
  });
});

it('microseconds survive the way to text and back', () => {
  fc.assert(
    fc.property(fc.bigInt(-62_135_596_800_000_000n, 253_402_300_799_999_999n), (us) => {
      expect(instantUs(isoOfUs(us))).toBe(us);
    }),
  );
  expect(instantUs('2026-01-01T00:00:00.1+08:00')).toBe(1_767_196_800_100_000n);
});

it('parts are powers of two', () => {
  expect([partsFor(0, null), partsFor(50_000_001, null), partsFor(1, 3), partsFor(1e12, null)]).toEqual([1, 2, 4, 64]);
});

describe('the input', () => {
  it('has a default for everything', () => {
    expect(parseFrequencyInput(undefined)).toMatchObject({ windows: ['7d', '30d', '90d'], asOf: null, report: true });
  });

  it('names every problem at once', () => {
    expect(() =>
      parseFrequencyInput({ windows: ['7d', '7d'], asOf: 'yesterday', maxFall: 2, fanOut: 1.5, colour: 'red' }),
    ).toThrow(/"colour" is not a field.*"windows" must.*"asOf" must.*"fanOut" must.*"maxFall" must/s);
    expect(() => parseFrequencyInput([])).toThrow('takes one JSON object');
  });
});
