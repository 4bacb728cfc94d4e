// Times as people read them on a terminal: in the business time zone, which is named beside the table. Documents (--json) stay in UTC.
import { timeIn } from '../pipelines/reports/report-times.ts';

/** `2026-03-05 14:30:12`, to the second; empty for none. */
export function terminalTime(at: Date | string | null, timeZone: string): string {
  if (at === null) return '';
  return timeIn(new Date(at).toISOString().replace(/\.\d+Z$/, '.000Z'), timeZone);
}

/** The same with milliseconds, where their order matters. */
export function terminalInstant(at: Date | null, timeZone: string): string {
  return at === null ? '' : timeIn(at.toISOString(), timeZone);
}

/** The line under a table with times. */
export function zoneNote(timeZone: string): string {
  return `Times: ${timeZone}.`;
}
