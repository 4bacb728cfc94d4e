// A schedule on a terminal.
import type { PutOutcome, ScheduleView } from '../contracts/schedules.ts';
import { table } from './output.ts';

const SAID: Record<PutOutcome, string> = {
  created: 'is made',
  unchanged: 'is there already, just like this: nothing changed',
  replaced: 'is replaced',
};

export function renderPut(schedule: ScheduleView & { outcome: PutOutcome }): string {
  return `Schedule ${schedule.scheduleId} ${SAID[schedule.outcome]}.\n\n${renderSchedule(schedule)}`;
}

export function renderSchedule(schedule: ScheduleView): string {
  const { actions } = schedule;
  const facts: [string, string][] = [
    ['schedule', schedule.scheduleId],
    ['starts', `${schedule.workflow} ${JSON.stringify(schedule.input)}`],
    [
      'when',
      `${cronOf(schedule)} (${schedule.timeZone})${schedule.jitterSeconds > 0 ? `, up to ${span(schedule.jitterSeconds)} later` : ''}`,
    ],
    ['state', stateOf(schedule)],
    ['next', schedule.next.join(', ') || 'never'],
    [
      'overlap',
      schedule.overlap === 'SKIP' ? 'skip: a run that comes due while one runs is left out' : schedule.overlap,
    ],
    ['catch-up', `${span(schedule.catchUpSeconds)}: a run later than that is left out; backfill it`],
    ['runs', `${actions.taken} started, ${actions.skippedOverlap} skipped, ${actions.missedCatchUp} too late`],
    ['running', schedule.running.map(({ workflowId }) => workflowId).join(', ') || 'nothing'],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const recent = table(
    ['due', 'started', 'workflow'],
    schedule.recent.map(({ scheduledAt, startedAt, workflowId }) => [scheduledAt, startedAt, workflowId]),
  );
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...(schedule.recent.length > 0 ? ['', recent] : []),
  ].join('\n');
}

export function renderSchedules({ schedules }: { schedules: ScheduleView[] }): string {
  if (schedules.length === 0) return 'There is no schedule yet. Make one with: sluice schedules create tag-frequency.';
  return table(
    ['id', 'starts', 'when', 'time zone', 'state', 'next', 'started', 'skipped'],
    schedules.map((schedule) => [
      schedule.scheduleId,
      schedule.workflow,
      cronOf(schedule),
      schedule.timeZone,
      schedule.paused ? 'paused' : 'on',
      schedule.next[0] ?? null,
      schedule.actions.taken,
      schedule.actions.skippedOverlap,
    ]),
  );
}

function stateOf({ paused, note }: ScheduleView): string {
  return `${paused ? 'paused' : 'on'}${note ? `: ${note}` : ''}`;
}

const cronOf = ({ cron }: ScheduleView): string => cron ?? 'not by one cron expression; see the Temporal UI';

function span(seconds: number): string {
  const [size, unit] =
    seconds % 86_400 === 0
      ? [86_400, 'd']
      : seconds % 3_600 === 0
        ? [3_600, 'h']
        : seconds % 60 === 0
          ? [60, 'm']
          : [1, 's'];
  return `${seconds / size}${unit}`;
}
