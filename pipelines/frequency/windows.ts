// Windows by name, resolved to instants. Pure: days and their midnights are those of the business time zone.
import { dayOf, startOfDay } from '../values/time-zone.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { parseWindow, type ResolvedWindow, type WindowRule } from '../../contracts/tag-frequency.ts';
import { dayAfter } from '../lake/units.ts';

const DAY_MS = 86_400_000;

/**
 * The span of a window as of an instant (epoch ms), from ≤ occurred_at < to. Rolling windows are N · 24 h; `day`, `week` (from
 * Monday) and `month` are the last whole ones that ended by the as-of. @throws PipelineError `frequency_input` for an empty span
 */
export function resolveWindow(name: string, asOfMs: number, timeZone: string): ResolvedWindow {
  const rule = parseWindow(name);
  if (!rule)
    throw new PipelineError('frequency_input', `“${name}” is no window.`, { hint: 'Such as 7d, day or month.' });
  const window = { name, ...spanOf(rule, asOfMs, timeZone) };
  // A to-date window is empty at midnight sharp, and rightly so.
  if (window.fromMs > window.toMs || (rule.kind === 'span' && window.fromMs === window.toMs))
    throw new PipelineError('frequency_input', `The window “${name}” ends before it begins.`, {
      hint: 'Write the earlier time first.',
    });
  return window;
}

function spanOf(rule: WindowRule, asOfMs: number, timeZone: string): { fromMs: number; toMs: number } {
  const midnight = (day: string): number => startOfDay(day, timeZone);
  switch (rule.kind) {
    case 'rolling':
      return { fromMs: asOfMs - rule.days * DAY_MS, toMs: asOfMs };
    case 'calendar': {
      const begun = firstDay(rule.unit, dayOf(asOfMs, timeZone));
      if (rule.toDate) return { fromMs: midnight(begun), toMs: asOfMs };
      return { fromMs: midnight(firstDay(rule.unit, dayAfter(begun, -1))), toMs: midnight(begun) };
    }
    case 'span': {
      const at = (text: string) => (text.length === 10 ? midnight(text) : Date.parse(text));
      return { fromMs: at(rule.from), toMs: at(rule.to) };
    }
  }
}

function firstDay(unit: 'day' | 'week' | 'month', day: string): string {
  if (unit === 'day') return day;
  if (unit === 'month') return `${day.slice(0, 7)}-01`;
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return dayAfter(day, -weekday);
}

/** The span of the same length before a window: what a change is measured against. */
export function spanBefore({ fromMs, toMs }: ResolvedWindow): { fromMs: number; toMs: number } {
  return { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
}

/** Epoch microseconds of an ISO instant with up to six digits after the second. */
export function instantUs(iso: string): bigint {
  const fraction = /\.(\d{1,6})/.exec(iso)?.[1] ?? '';
  const whole = Date.parse(iso.replace(/\.\d+/, ''));
  return BigInt(whole) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** ISO with microseconds, UTC. */
export function isoOfUs(us: bigint): string {
  const micros = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((us - micros) / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros).padStart(6, '0')}Z`;
}
