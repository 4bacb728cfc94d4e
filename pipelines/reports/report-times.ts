// Times of a report in the business time zone, as people read them.
import { localDay } from '../values/time-zone.ts';
import { dayAfter } from '../lake/units.ts';

/** `2024-03-05 02:00`; seconds and their fraction only when there are any. */
export function timeIn(iso: string, timeZone: string): string {
  const at = Date.parse(iso);
  const clock = clockOf(at, timeZone);
  // A zone moves hours and minutes, never a part of a second.
  const fraction = /\.(\d*?)0*(?:Z|[+-]\d\d:\d\d)$/.exec(iso)?.[1] ?? '';
  const seconds = clock['second'] === '00' && fraction === '' ? '' : `:${clock['second']}`;
  return `${localDay(at, timeZone)} ${clock['hour']}:${clock['minute']}${seconds}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * Every business day that the span from ≤ t < to touches, as `2024-03-05`; every month, as `2024-03`, when those would be
 * more than `most` days.
 */
export function periodsBetween(
  from: string,
  to: string,
  timeZone: string,
  most: number,
): { unit: 'day' | 'month'; names: string[] } {
  const last = localDay(Date.parse(to) - 1, timeZone);
  const days: string[] = [];
  for (let day = localDay(Date.parse(from), timeZone); day <= last; day = dayAfter(day)) days.push(day);
  if (days.length <= most) return { unit: 'day', names: days };
  return { unit: 'month', names: [...new Set(days.map((day) => day.slice(0, 7)))] };
}

function clockOf(epochMs: number, timeZone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
}
