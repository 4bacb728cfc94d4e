// Times of a report in the business time zone, as people read them.

/** `2024-03-05 02:00`; seconds and their fraction only when there are any. */
export function timeIn(iso: string, timeZone: string): string {
  const parts = partsOf(Date.parse(iso), timeZone);
  // A zone moves hours and minutes, never a part of a second.
  const fraction = /\.(\d*?)0*(?:Z|[+-]\d\d:\d\d)$/.exec(iso)?.[1] ?? '';
  const seconds = parts['second'] === '00' && fraction === '' ? '' : `:${parts['second']}`;
  return `${dayOf(parts)} ${parts['hour']}:${parts['minute']}${seconds}${fraction === '' ? '' : `.${fraction}`}`;
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
  const midnight = (iso: number) => Date.parse(`${dayOf(partsOf(iso, timeZone))}T00:00:00Z`);
  const last = midnight(Date.parse(to) - 1);
  const days: string[] = [];
  for (let at = midnight(Date.parse(from)); at <= last; at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10));
  if (days.length <= most) return { unit: 'day', names: days };
  return { unit: 'month', names: [...new Set(days.map((day) => day.slice(0, 7)))] };
}

function dayOf(parts: Record<string, string>): string {
  return `${parts['year']}-${parts['month']}-${parts['day']}`;
}

function partsOf(epochMs: number, timeZone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, value]));
}
