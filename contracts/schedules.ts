// Schedules: what may be scheduled, how a cron expression must look, and how a schedule is shown. Pure; knows no client.
import { PipelineError } from './pipeline-error.ts';
import { isInstant } from './tag-frequency.ts';

/** What can be scheduled, and the workflow that it starts. */
export const SCHEDULED_WORKFLOWS = { 'tag-frequency': 'tagFrequency', 'expire-tags': 'expireTags' } as const;
export type ScheduleKind = keyof typeof SCHEDULED_WORKFLOWS;

/** Longer catches up with runs nobody waits for any more; shorter loses a night to a server that was away for a moment. */
export const DEFAULT_CATCH_UP_SECONDS = 3_600;
/** The server allows no less. */
export const LEAST_CATCH_UP_SECONDS = 10;
/** The server keeps up to 1,000 waiting runs and drops the rest; less than a year of days would be in the way. */
export const MOST_BACKFILLED = 500;

export interface ScheduleRequest {
  kind: ScheduleKind;
  id: string;
  /** One that `cronProblem` has nothing against. */
  cron: string;
  /** IANA name. */
  timeZone: string;
  catchUpSeconds: number;
  jitterSeconds: number;
  /** The one argument of the workflow, checked. */
  input: object;
}

/** `unchanged`: it was there, just like this. */
export type PutOutcome = 'created' | 'unchanged' | 'replaced';

/** A schedule as commands show it. Times are ISO 8601 in UTC. */
export interface ScheduleView {
  scheduleId: string;
  workflow: string;
  input: unknown;
  /** Null when it was made elsewhere, in another form, or changed in the Temporal UI. */
  cron: string | null;
  timeZone: string;
  overlap: string;
  catchUpSeconds: number;
  jitterSeconds: number;
  paused: boolean;
  note: string | null;
  next: string[];
  recent: { scheduledAt: string; startedAt: string; workflowId: string }[];
  running: { workflowId: string }[];
  actions: { taken: number; skippedOverlap: number; missedCatchUp: number };
  createdAt: string;
  updatedAt: string | null;
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

interface CronField {
  name: string;
  low: number;
  high: number;
  words?: string[];
}

const FIELDS: CronField[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, words: MONTHS },
  { name: 'day of week', low: 0, high: 7, words: DAYS },
];
const YEAR: CronField = { name: 'year', low: 2000, high: 2100 };
const SECOND: CronField = { name: 'second', low: 0, high: 59 };
const SHORTHANDS = ['@yearly', '@monthly', '@weekly', '@daily', '@hourly'];

/** What is wrong with a cron expression, as a sentence, or null. The server has the last word. */
export function cronProblem(text: string): string | null {
  const cron = text.trim();
  if (SHORTHANDS.includes(cron)) return null;
  if (/^(CRON_)?TZ=/.test(cron)) return 'the time zone is given by --time-zone';
  const values = cron.split(/\s+/);
  const fields = { 5: FIELDS, 6: [...FIELDS, YEAR], 7: [SECOND, ...FIELDS, YEAR] }[values.length];
  if (cron.startsWith('@') || !fields)
    return `it must be five fields (minute, hour, day of month, month, day of week), such as "0 2 * * *", or one of ${SHORTHANDS.join(', ')}`;
  for (const [index, field] of fields.entries())
    if (!values[index]!.split(',').every((part) => isCronPart(part, field)))
      return `"${values[index]}" is no ${field.name} (${field.low} to ${field.high}, *, lists, ranges, steps)`;
  return null;
}

function isCronPart(part: string, { low, high, words = [] }: CronField): boolean {
  const [, from, to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/([1-9]\d{0,3}))?$/.exec(part) ?? [];
  if (from === undefined) return false;
  const number = (text: string): number => {
    const word = words.indexOf(text.slice(0, 3).toLowerCase());
    if (word >= 0) return word + low;
    return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  };
  if (from === '*') return to === undefined && (step === undefined || Number(step) <= high);
  const first = number(from);
  const last = to === undefined ? first : number(to);
  return low <= first && first <= last && last <= high;
}

/** The id may stand in a workflow id, in a URL and in a shell. */
export function isScheduleId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id);
}

/** A span to compute again: from ≤ nominal time < to. */
export interface BackfillSpan {
  fromMs: number;
  toMs: number;
}

/**
 * Reads both ends: an instant with a zone, or a day, which begins at midnight in the schedule's zone.
 * @throws PipelineError `backfill_range` when the span is empty, ends in the future or cannot be read
 */
export function parseBackfill(
  from: string,
  to: string,
  { nowMs, midnight }: { nowMs: number; midnight: (day: string) => number },
): BackfillSpan {
  const read = (name: string, text: string): number => {
    if (isInstant(text)) return Date.parse(text);
    if (/^\d{4}-\d\d-\d\d$/.test(text) && isInstant(`${text}T00:00:00Z`)) return midnight(text);
    throw new PipelineError('backfill_range', `${name} "${text}" is neither a day nor an instant with a zone.`, {
      hint: 'Give 2024-03-05 or 2024-03-05T02:00:00+08:00.',
    });
  };
  const span = { fromMs: read('--from', from), toMs: read('--to', to) };
  if (span.fromMs >= span.toMs)
    throw new PipelineError('backfill_range', `--from ${from} does not lie before --to ${to}.`, {
      hint: '--to itself is left out: one day is --from 2024-03-05 --to 2024-03-06.',
    });
  if (span.toMs > nowMs)
    throw new PipelineError('backfill_range', `--to ${to} lies in the future.`, {
      hint: 'A backfill computes the past; the schedule itself does the rest.',
    });
  return span;
}
