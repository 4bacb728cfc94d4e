// Dates: forms that show themselves, declared formats, zones with and without daylight saving, and no guessing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDateFormat, detectDateFormat } from '../../../pipelines/values/date-format.ts';
import { normaliseDate } from '../../../pipelines/values/dates.ts';
import { canonicalTimeZone, zoneClock } from '../../../pipelines/values/time-zone.ts';

function read(raw: string, format: string | null = null, timeZone = 'Asia/Taipei'): string {
  const result = normaliseDate(raw, { timeZone, format });
  return result.ok ? result.iso : result.reason;
}

describe('normaliseDate', () => {
  it.each([
    ['2024-03-05', '2024-03-04T16:00:00.000Z'],
    ['2024/3/5', '2024-03-04T16:00:00.000Z'],
    ['07-Aug-2023', '2023-08-06T16:00:00.000Z'],
    ['7 August 2023 9:05', '2023-08-07T01:05:00.000Z'],
    ['07-Aug-23', '2023-08-06T16:00:00.000Z'],
    ['Aug 7, 2023, 3:05 PM', '2023-08-07T07:05:00.000Z'],
    ['August 7th, 2023 at 3:05 PM', '2023-08-07T07:05:00.000Z'],
    ['Sept. 7, 2023', '2023-09-06T16:00:00.000Z'],
    ['Mon, 7 Aug 2023 03:05:06 +0000', '2023-08-07T03:05:06.000Z'],
    ['Mon Aug 07 2023 11:05:06 GMT+0800 (Taipei Standard Time)', '2023-08-07T03:05:06.000Z'],
    ['2023-08-07(一) 11:05', '2023-08-07T03:05:00.000Z'],
    ['2023/8/7（週一） 下午 3:05', '2023-08-07T07:05:00.000Z'],
    ['民國112年8月7日', '2023-08-06T16:00:00.000Z'],
    ['中華民國 112 年 8 月 7 日 下午 3:05', '2023-08-07T07:05:00.000Z'],
    ['2023-08-07 11:05:06 +0800 CST', '2023-08-07T03:05:06.000Z'],
    ['2023-08-07 11:05:06.123456 +0000 UTC', '2023-08-07T11:05:06.123456Z'],
    ['45145', '2023-08-06T16:00:00.000Z'],
    ['45145.4618055556', '2023-08-07T03:05:00.000Z'],
    ['2023-08-07 11:05:06 CST', 'date_invalid'],
    ['31-Feb-2023', 'date_invalid'],
    ['Smarch 7, 2023', 'date_invalid'],
    ['10045', 'date_invalid'],
    ['2024.03.05 8:07', '2024-03-05T00:07:00.000Z'],
    ['2024-03-05T08:00:00Z', '2024-03-05T08:00:00.000Z'],
    ['2024-03-05 08:00:00+00', '2024-03-05T08:00:00.000Z'],
    ['2024-03-05T08:00:00.123456+0800', '2024-03-05T00:00:00.123456Z'],
    ['2024-03-05 08:00:00 UTC', '2024-03-05T08:00:00.000Z'],
    ['2024/3/5 下午 2:30:00', '2024-03-05T06:30:00.000Z'],
    ['2024/3/5 2:30 PM', '2024-03-05T06:30:00.000Z'],
    ['2024/3/5 12:10 AM', '2024-03-04T16:10:00.000Z'],
    ['2024年3月5日', '2024-03-04T16:00:00.000Z'],
    ['2024年3月5日 14時30分', '2024-03-05T06:30:00.000Z'],
    ['２０２４－０３－０５', '2024-03-04T16:00:00.000Z'],
    ['20240305', '2024-03-04T16:00:00.000Z'],
    ['20240305143000', '2024-03-05T06:30:00.000Z'],
    ['1709622000', '2024-03-05T07:00:00.000Z'],
    ['1709622000123', '2024-03-05T07:00:00.123Z'],
    ['2024-02-30', 'date_invalid'],
    ['2023-02-29', 'date_invalid'],
    ['2024-03-05 25:00', 'date_invalid'],
    ['0204-03-05', 'date_invalid'],
    ['113/3/5', 'date_format_undeclared'],
    ['05/06/2024', 'date_format_undeclared'],
    ['昨天', 'date_invalid'],
    [' ', 'date_missing'],
  ])('%j is %s in Taipei', (raw, expected) => {
    expect(read(raw)).toBe(expected);
  });

  it.each([
    ['05/06/2024', 'dd/MM/yyyy', '2024-06-04T16:00:00.000Z'],
    ['05/06/2024', 'MM/dd/yyyy', '2024-05-05T16:00:00.000Z'],
    ['5/6/2024 08:30', 'dd/MM/yyyy[ HH:mm]', '2024-06-05T00:30:00.000Z'],
    ['13/13/2024', 'dd/MM/yyyy', 'date_invalid'],
    ['113/05/01', 'rrr/MM/dd', '2024-04-30T16:00:00.000Z'],
    ['民國113年5月1日', '民國rrr年M月d日', '2024-04-30T16:00:00.000Z'],
    ['2024-13-05', 'yyyy-dd-MM', '2024-05-12T16:00:00.000Z'],
    ['2024-05-13', 'yyyy-dd-MM', 'date_invalid'],
    ['2024-05-13', 'dd/MM/yyyy', '2024-05-12T16:00:00.000Z'],
    ['3/5/2024 2:05 PM', 'M/d/yyyy h:mm a', '2024-03-05T06:05:00.000Z'],
  ])('%j as %s is %s', (raw, format, expected) => {
    expect(read(raw, format)).toBe(expected);
  });

  it('reads local times by the rules of the zone', () => {
    const newYork = (raw: string) => read(raw, null, 'America/New_York');
    expect(newYork('2024-01-15 12:00:00')).toBe('2024-01-15T17:00:00.000Z');
    expect(newYork('2024-07-15 12:00:00')).toBe('2024-07-15T16:00:00.000Z');
    expect(newYork('2024-03-10 02:30:00')).toBe('2024-03-10T07:30:00.000Z'); // Skipped: moved on.
    expect(newYork('2024-11-03 01:30:00')).toBe('2024-11-03T05:30:00.000Z'); // Twice: the earlier.
    expect(read('1975-07-01 00:00:00')).toBe('1975-06-30T15:00:00.000Z'); // Taipei had summer time then.
  });

  it('gives back any instant written in the local time of any zone', () => {
    const zones = [
      'Asia/Taipei',
      'Asia/Hong_Kong',
      'America/New_York',
      'Europe/London',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    ];
    const instant = fc.integer({ min: Date.UTC(1985, 0, 1) / 1000, max: Date.UTC(2035, 0, 1) / 1000 });
    // Random instants hardly ever meet a change of the clocks, where the mistakes are.
    const changes = [
      '2024-03-10T07:00Z',
      '2024-11-03T06:00Z',
      '2024-03-31T01:00Z',
      '2024-10-27T01:00Z',
      '2024-04-06T15:00Z',
      '2024-10-05T15:30Z',
    ];
    const near = fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -72_000, max: 72_000 }))
      .map(([change, offset]) => Date.parse(change) / 1000 + offset);
    fc.assert(
      fc.property(fc.oneof(instant, near), fc.constantFrom(...zones), (seconds, timeZone) => {
        const written = new Date(seconds * 1000).toLocaleString('sv-SE', { timeZone });
        const result = normaliseDate(written, { timeZone, format: null });
        expect(result.ok).toBe(true);
        // In the hour that happens twice the earlier is meant; written again it is the same local time.
        if (result.ok) expect(new Date(result.iso).toLocaleString('sv-SE', { timeZone })).toBe(written);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('detectDateFormat', () => {
  it.each([
    [['2024-03-05', '', '1709622000'], null],
    [['05/06/2024', '31/12/2024'], 'dd/MM/yyyy[ H:mm[:ss]]'],
    [['05-06-2024 10:00', '12-31-2024 1:02'], 'MM-dd-yyyy[ H:mm[:ss]]'],
    [['05/06/2024', '01/02/2023'], 'ambiguous'],
    [['13/06/2024', '01/22/2023'], 'ambiguous'],
    [['113/05/01'], 'ambiguous'],
  ])('%j is %s', (samples, expected) => {
    const format = detectDateFormat(samples);
    expect(format).toBe(expected);
    if (format !== null && format !== 'ambiguous') for (const text of samples) expect(read(text, format)).toMatch(/Z$/);
  });
});

describe('compileDateFormat', () => {
  it.each(['yyyy-MM', 'dd/MM/yyyy yyyy', 'qq/MM/yyyy dd', 'dd/MM/yyyy[ HH:mm', 'yyyy rrr MM dd'])(
    'refuses %s',
    (format) => {
      expect(() => compileDateFormat(format)).toThrow(expect.objectContaining({ code: 'date_format_invalid' }));
    },
  );
});

describe('time zones', () => {
  it('knows names, not offsets', () => {
    expect(canonicalTimeZone('asia/taipei')).toBe('Asia/Taipei');
    expect(canonicalTimeZone('+08:00')).toBeNull();
    expect(canonicalTimeZone('Asia/Nowhere')).toBeNull();
    expect(zoneClock('UTC').toEpochMs(1000)).toBe(1000);
  });
});
