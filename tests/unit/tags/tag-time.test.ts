// Times of tag events: every form by itself, the borders of what is allowed, clocks that change.
import { describe, expect, test } from 'vitest';
import { readTime, type TimeRules } from '../../../pipelines/tags/tag-time.ts';

const taipei: TimeRules = { timeZone: 'Asia/Taipei', format: null, latest: '2024-06-01T13:00:00.000Z' };
const read = (text: string, rules: Partial<TimeRules> = {}) => {
  const result = readTime(text, { ...taipei, ...rules });
  return result.ok ? result.iso : result.reason;
};

describe('forms', () => {
  test.each([
    ['2024-03-05T10:00:00Z', '2024-03-05T10:00:00.000Z'],
    ['2024-03-05T10:00:00+09:30', '2024-03-05T00:30:00.000Z'],
    ['2024-03-05 10:00', '2024-03-05T02:00:00.000Z'],
    ['2024/3/5 下午 2:30', '2024-03-05T06:30:00.000Z'],
    ['2024年3月5日 14時30分', '2024-03-05T06:30:00.000Z'],
    ['20240305', '2024-03-04T16:00:00.000Z'],
    ['20240305101112', '2024-03-05T02:11:12.000Z'],
    ['2024-03-05T10:00:00.123456789Z', '2024-03-05T10:00:00.123456Z'],
    [' 1704067200 ', '2024-01-01T00:00:00.000Z'],
    ["'1704067200", '2024-01-01T00:00:00.000Z'],
    ['１７０４０６７２００', '2024-01-01T00:00:00.000Z'],
    ['="1704067200"', '2024-01-01T00:00:00.000Z'],
    ['1704067200.25', '2024-01-01T00:00:00.250Z'],
    ['1704067200.123456789', '2024-01-01T00:00:00.123456Z'],
    ['1704067200123', '2024-01-01T00:00:00.123Z'],
    ['1704067200123.456', '2024-01-01T00:00:00.123456Z'],
    ['1704067200123456', '2024-01-01T00:00:00.123456Z'],
    ['1704067200123456789', '2024-01-01T00:00:00.123456Z'],
    ['789652009', '1995-01-09T11:46:49.000Z'],
  ])('%s', (text, iso) => expect(read(text)).toBe(iso));

  test.each([
    ['', 'time_missing'],
    ['soon', 'time_invalid'],
    ['2024-13-01', 'time_invalid'],
    ['2024-03-05 24:00', 'time_invalid'],
    ['1.704E+9', 'time_invalid'],
    ['12345', 'time_invalid'],
    ['05/06/2024', 'time_format_undeclared'],
    // As milliseconds this would be a day of 1976.
    ['202403051000', 'time_format_undeclared'],
    ['99999999999999999999', 'time_invalid'],
  ])('not %s', (text, reason) => expect(read(text)).toBe(reason));

  test('a declared format goes first, also when it is all digits', () => {
    expect(read('202403051000', { format: 'yyyyMMddHHmm' })).toBe('2024-03-05T02:00:00.000Z');
    expect(read('05/06/2023 10:00', { format: 'dd/MM/yyyy HH:mm' })).toBe('2023-06-05T02:00:00.000Z');
    expect(read('113/3/5', { format: 'rrr/MM/dd' })).toBe('2024-03-04T16:00:00.000Z');
    expect(read('1704067200', { format: 'dd/MM/yyyy' })).toBe('2024-01-01T00:00:00.000Z');
    expect(read('2024-03-05T10:00:00Z', { format: 'dd/MM/yyyy' })).toBe('2024-03-05T10:00:00.000Z');
  });
});

describe('borders', () => {
  test('1970 in UTC is the first year', () => {
    expect(read('1970-01-01T00:00:00Z')).toBe('1970-01-01T00:00:00.000Z');
    expect(read('1969-12-31T23:59:59.999Z')).toBe('time_too_early');
    expect(read('1970-01-01')).toBe('time_too_early');
    expect(read('-1')).toBe('time_too_early');
    expect(read('1901-01-01')).toBe('time_too_early');
  });

  test('the latest second is allowed, the next is not', () => {
    expect(read('2024-06-01T13:00:00Z')).toBe('2024-06-01T13:00:00.000Z');
    expect(read('2024-06-01T13:00:00.999Z')).toBe('2024-06-01T13:00:00.999Z');
    expect(read('2024-06-01T13:00:01Z')).toBe('time_in_future');
    expect(read('2199-12-31')).toBe('time_in_future');
    expect(read('9999999999999')).toBe('time_in_future');
  });
});

describe('calendars and clocks', () => {
  test('leap days', () => {
    expect(read('2024-02-29')).toBe('2024-02-28T16:00:00.000Z');
    expect(read('2000-02-29')).toBe('2000-02-28T16:00:00.000Z');
    expect(read('2023-02-29')).toBe('time_invalid');
    expect(read('1900-02-29')).toBe('time_invalid');
  });

  test.each([
    // The clock jumps from 02:00 to 03:00: what would be there is counted on with the offset from before.
    ['America/New_York', '2024-03-10 02:30', '2024-03-10T07:30:00.000Z'],
    // From 02:00 back to 01:00: of the two the first, in summer time.
    ['America/New_York', '2023-11-05 01:30', '2023-11-05T05:30:00.000Z'],
    ['America/New_York', '2023-11-05T01:30:00-05:00', '2023-11-05T06:30:00.000Z'],
    ['Europe/Berlin', '2024-03-31 02:30', '2024-03-31T01:30:00.000Z'],
    // Half an hour only.
    ['Australia/Lord_Howe', '2023-10-01 02:15', '2023-09-30T15:45:00.000Z'],
    // Taipei had summer time until 1979.
    ['Asia/Taipei', '1979-07-15 12:00', '1979-07-15T03:00:00.000Z'],
  ])('%s %s', (timeZone, text, iso) => expect(read(text, { timeZone })).toBe(iso));
});
