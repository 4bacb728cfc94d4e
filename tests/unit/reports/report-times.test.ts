// Times and days of a report, in the business time zone.
import { expect, test } from 'vitest';
import { periodsBetween, timeIn } from '../../../pipelines/reports/report-times.ts';

test('times are local, and show no more digits than they have', () => {
  expect(timeIn('2024-03-04T18:00:00.000Z', 'Asia/Taipei')).toBe('2024-03-05 02:00');
  expect(timeIn('2024-03-04T18:00:07Z', 'Asia/Taipei')).toBe('2024-03-05 02:00:07');
  expect(timeIn('2024-03-04T18:00:00.123450Z', 'Asia/Taipei')).toBe('2024-03-05 02:00:00.12345');
  expect(timeIn('2024-03-05T00:00:00+08:00', 'UTC')).toBe('2024-03-04 16:00');
  expect(timeIn('1969-12-31T23:59:59.999999Z', 'UTC')).toBe('1969-12-31 23:59:59.999999');
});

const days = (from: string, to: string, zone: string) => periodsBetween(from, to, zone, 400).names;

test('every day that the span touches, without the one at which it ends', () => {
  expect(days('2024-02-28T16:00:00Z', '2024-03-01T16:00:00Z', 'Asia/Taipei')).toEqual(['2024-02-29', '2024-03-01']);
  expect(days('2024-02-28T15:59:59.999Z', '2024-03-01T16:00:00.001Z', 'Asia/Taipei')).toEqual([
    '2024-02-28',
    '2024-02-29',
    '2024-03-01',
    '2024-03-02',
  ]);
  expect(days('2024-03-01T00:00:00Z', '2024-03-01T00:00:00Z', 'UTC')).toEqual([]);
});

test('a day of 23 or 25 hours is one day', () => {
  const zone = 'America/New_York';
  expect(days('2024-03-09T05:00:00Z', '2024-03-12T04:00:00Z', zone)).toEqual([
    '2024-03-09',
    '2024-03-10',
    '2024-03-11',
  ]);
  expect(days('2024-11-02T04:00:00Z', '2024-11-05T05:00:00Z', zone)).toEqual([
    '2024-11-02',
    '2024-11-03',
    '2024-11-04',
  ]);
});

test('too many days are months', () => {
  const span = ['2023-12-31T00:00:00Z', '2024-02-02T00:00:00Z', 'UTC'] as const;
  expect(periodsBetween(...span, 33)).toMatchObject({ unit: 'day' });
  expect(periodsBetween(...span, 32)).toEqual({ unit: 'month', names: ['2023-12', '2024-01', '2024-02'] });
});
