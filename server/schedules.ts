// Temporal Schedules of Sluice: create or replace, pause, trigger, backfill, delete. One run at a time, whatever happens.
import {
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  ServiceError,
  type Client,
  type ScheduleClient,
  type ScheduleHandle,
  type ScheduleOptions,
} from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { PipelineError } from '../contracts/pipeline-error.ts';
import {
  MOST_BACKFILLED,
  SCHEDULED_WORKFLOWS,
  type BackfillSpan,
  type PutOutcome,
  type ScheduleRequest,
  type ScheduleView,
} from '../contracts/schedules.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { differencesOf, scheduleView } from './schedule-view.ts';

/**
 * Creates the schedule. When it is there, just like this, nothing changes; when it is there and differs, it is changed with
 * `replace` only. Paused stays paused.
 * @throws PipelineError `schedule_differs`, `schedule_exists` (it starts another workflow), `schedule_invalid`
 */
export async function putSchedule(
  client: ScheduleClient,
  request: ScheduleRequest,
  { replace }: { replace: boolean },
): Promise<{ outcome: PutOutcome; schedule: ScheduleView }> {
  const options = optionsOf(request);
  try {
    const handle = await client.create(options);
    return { outcome: 'created', schedule: scheduleView(await handle.describe()) };
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw refused(error, request.id);
  }
  const there = await readSchedule(client, request.id);
  if (there.workflow !== options.action.workflowType)
    throw new PipelineError('schedule_exists', `The schedule "${request.id}" is there and starts ${there.workflow}.`, {
      hint: 'Choose another --id.',
    });
  const differences = differencesOf(there, request);
  if (differences.length === 0) return { outcome: 'unchanged', schedule: there };
  if (!replace)
    throw new PipelineError(
      'schedule_differs',
      `The schedule "${request.id}" is there and differs: ${differences.join('; ')}.`,
      { hint: 'Change it with --replace, or make another one with --id.' },
    );
  await known(client, request.id, () =>
    client.getHandle(request.id).update(({ state: { paused, note, remainingActions } }) => ({
      ...options,
      state: { paused, ...(note ? { note } : {}), ...(remainingActions === undefined ? {} : { remainingActions }) },
    })),
  );
  return { outcome: 'replaced', schedule: await readSchedule(client, request.id) };
}

function optionsOf(request: ScheduleRequest) {
  return {
    scheduleId: request.id,
    spec: {
      // The server keeps a cron expression as ranges of numbers. The comment is how its text is found again.
      cronExpressions: [`${request.cron} # ${request.cron}`],
      timezone: request.timeZone,
      jitter: request.jitterSeconds * 1000,
    },
    action: {
      type: 'startWorkflow',
      workflowType: SCHEDULED_WORKFLOWS[request.kind],
      taskQueue: PIPELINE_QUEUE,
      // The server appends the nominal time.
      workflowId: `${request.kind}/${request.id}`,
      args: [request.input],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: request.catchUpSeconds * 1000 },
  } satisfies ScheduleOptions;
}

/** @throws PipelineError `schedule_unknown`, naming those there are */
export async function readSchedule(client: ScheduleClient, id: string): Promise<ScheduleView> {
  return scheduleView(await known(client, id, () => client.getHandle(id).describe()));
}

/** All schedules of the namespace, by id. One made a moment ago may not be listed yet. */
export async function listSchedules(client: ScheduleClient): Promise<ScheduleView[]> {
  const views: ScheduleView[] = [];
  for await (const { scheduleId } of client.list())
    try {
      views.push(scheduleView(await client.getHandle(scheduleId).describe()));
    } catch (error) {
      // Deleted, and still in the list.
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    }
  return views.sort((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
}

export async function pauseSchedule(
  client: ScheduleClient,
  id: string,
  { paused, note }: { paused: boolean; note: string },
): Promise<ScheduleView> {
  const handle = client.getHandle(id);
  await known(client, id, () => (paused ? handle.pause(note) : handle.unpause(note)));
  return readSchedule(client, id);
}

export async function deleteSchedule(client: ScheduleClient, id: string): Promise<void> {
  await known(client, id, () => client.getHandle(id).delete());
}

/** How long the server may take to act on a trigger. Longer keeps a person waiting for a server that is down. */
const TRIGGER_PATIENCE_MS = 10_000;

export interface Triggered {
  /** `skipped`: a run was still going on. `unknown`: the server has not acted yet. */
  outcome: 'started' | 'skipped' | 'unknown';
  workflowId: string | null;
}

/** Starts one run now, unless one is going on. Its nominal time is now. */
export async function triggerSchedule(client: ScheduleClient, id: string): Promise<Triggered> {
  const handle = client.getHandle(id);
  const before = await known(client, id, () => handle.describe());
  await handle.trigger(ScheduleOverlapPolicy.SKIP);
  const deadline = Date.now() + TRIGGER_PATIENCE_MS;
  do {
    const { info } = await handle.describe();
    if (info.numActionsTaken > before.info.numActionsTaken)
      return { outcome: 'started', workflowId: info.recentActions.at(-1)?.action.workflow.workflowId ?? null };
    if (info.numActionsSkippedOverlap > before.info.numActionsSkippedOverlap)
      return { outcome: 'skipped', workflowId: info.runningActions[0]?.workflow.workflowId ?? null };
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < deadline);
  return { outcome: 'unknown', workflowId: null };
}

/**
 * Runs the schedule for a span of the past: one run for each nominal time in it, one after the other.
 * @returns the nominal times
 * @throws PipelineError `backfill_empty`, `backfill_too_long`
 */
export async function backfillSchedule(client: Client, id: string, span: BackfillSpan): Promise<string[]> {
  const times = await matchingTimes(client, id, span);
  if (times.length === 0)
    throw new PipelineError('backfill_empty', `The schedule "${id}" has no run in that span.`, {
      hint: `"sluice schedules show ${id}" shows when it runs. A day is midnight to midnight in its time zone.`,
    });
  if (times.length > MOST_BACKFILLED)
    throw new PipelineError('backfill_too_long', `That would be more than ${MOST_BACKFILLED} runs.`, {
      hint: 'Backfill a shorter span, and the next one when it is done.',
    });
  await handleOf(client, id).backfill({ ...insideOf(span), overlap: ScheduleOverlapPolicy.BUFFER_ALL });
  return times;
}

function handleOf(client: Client, id: string): ScheduleHandle {
  return client.schedule.getHandle(id);
}

/** The server takes the first end with or without itself, by version, and the last with itself; ours is from ≤ t < to. */
function insideOf({ fromMs, toMs }: BackfillSpan): { start: Date; end: Date } {
  return { start: new Date(fromMs - 1), end: new Date(toMs - 1) };
}

async function matchingTimes(client: Client, id: string, span: BackfillSpan): Promise<string[]> {
  const { start, end } = insideOf(span);
  await readSchedule(client.schedule, id);
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    namespace: client.options.namespace,
    scheduleId: id,
    startTime: msToTs(start.getTime()),
    endTime: msToTs(end.getTime()),
  });
  return startTime.map((at) => new Date(tsToMs(at)).toISOString());
}

async function known<T>(client: ScheduleClient, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw refused(error, id);
    const ids: string[] = [];
    for await (const { scheduleId } of client.list()) ids.push(scheduleId);
    throw new PipelineError('schedule_unknown', `There is no schedule "${id}".`, {
      hint:
        ids.length === 0
          ? 'There is none yet: "sluice schedules create tag-frequency --help".'
          : `There are: ${ids.sort().join(', ')}.`,
      cause: error,
    });
  }
}

/** Of gRPC; the library that names it is not a dependency of ours. */
const INVALID_ARGUMENT = 3;

/** What the server says of a schedule that it does not take; other errors as they are. */
function refused(error: unknown, id: string): unknown {
  const cause = error instanceof ServiceError ? error.cause : error;
  const reason =
    error instanceof TypeError
      ? error.message
      : isGrpcServiceError(cause) && Number(cause.code) === INVALID_ARGUMENT
        ? cause.details
        : null;
  if (reason === null) return error;
  return new PipelineError('schedule_invalid', `Temporal does not take the schedule "${id}": ${reason}.`, {
    hint: 'Look at --cron and --time-zone.',
    cause: error,
  });
}
