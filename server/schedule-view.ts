// A Temporal Schedule in the words of the command line.
import { isDeepStrictEqual } from 'node:util';
import type { ScheduleDescription } from '@temporalio/client';
import type { ScheduleRequest, ScheduleView } from '../contracts/schedules.ts';

export function scheduleView({ scheduleId, spec, action, policies, state, info }: ScheduleDescription): ScheduleView {
  return {
    scheduleId,
    workflow: action.workflowType,
    input: action.args?.[0] ?? null,
    cron: cronOf(spec),
    timeZone: spec.timezone || 'UTC',
    overlap: policies.overlap ?? 'SKIP',
    catchUpSeconds: policies.catchupWindow / 1000,
    jitterSeconds: (spec.jitter ?? 0) / 1000,
    paused: state.paused,
    note: state.note || null,
    next: info.nextActionTimes.slice(0, NEXT_SHOWN).map(iso),
    recent: info.recentActions.map(({ scheduledAt, takenAt, action: { workflow } }) => ({
      scheduledAt: iso(scheduledAt),
      startedAt: iso(takenAt),
      workflowId: workflow.workflowId,
    })),
    running: info.runningActions.map(({ workflow }) => ({ workflowId: workflow.workflowId })),
    actions: {
      taken: info.numActionsTaken,
      skippedOverlap: info.numActionsSkippedOverlap,
      missedCatchUp: info.numActionsMissedCatchupWindow,
    },
    createdAt: iso(info.createdAt),
    updatedAt: info.lastUpdatedAt ? iso(info.lastUpdatedAt) : null,
  };
}

/** The server gives ten; a person reads three. */
const NEXT_SHOWN = 3;

const iso = (at: Date): string => at.toISOString();

/** The server keeps a cron expression as ranges of numbers, with its text as the comment. More than that is not ours. */
function cronOf({ calendars = [], intervals = [], skip = [] }: ScheduleDescription['spec']): string | null {
  const ours = calendars.length === 1 && intervals.length === 0 && skip.length === 0;
  return (ours && calendars[0]!.comment) || null;
}

/** What of a schedule is not as asked for, in words; empty when it is just that. Pausing is no part of it. */
export function differencesOf(view: ScheduleView, wanted: ScheduleRequest): string[] {
  const pairs: [string, unknown, unknown][] = [
    ['cron', view.cron, wanted.cron],
    ['time zone', view.timeZone, wanted.timeZone],
    ['overlap', view.overlap, 'SKIP'],
    ['catch-up in seconds', view.catchUpSeconds, wanted.catchUpSeconds],
    ['jitter in seconds', view.jitterSeconds, wanted.jitterSeconds],
  ];
  const is = fieldsOf(view.input);
  const should = fieldsOf(wanted.input);
  for (const name of new Set([...Object.keys(is), ...Object.keys(should)])) pairs.push([name, is[name], should[name]]);
  return pairs
    .filter(([, there, asked]) => !isDeepStrictEqual(there, asked))
    .map(([name, there, asked]) => `${name} is ${text(there)}, not ${text(asked)}`);
}

const fieldsOf = (input: unknown) => (typeof input === 'object' ? (input ?? {}) : { input }) as Record<string, unknown>;
const text = (value: unknown): string => (value === undefined ? 'unset' : JSON.stringify(value));
