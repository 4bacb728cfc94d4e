// What a workflow run cost in Temporal, read from its fetched history: events, largest payload, seconds by activity.
import type { WorkflowHandle } from '@temporalio/client';

export interface HistoryFigures {
  events: number;
  largestPayloadBytes: number;
  /** Seconds from an activity's start to its end, by activity type; summed over its runs. */
  activitySeconds: Record<string, number>;
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];

export async function readHistory(handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<HistoryFigures> {
  const { events } = await handle.fetchHistory();
  return {
    events: events?.length ?? 0,
    largestPayloadBytes: largestPayload(events),
    activitySeconds: activitySeconds(events ?? []),
  };
}

/** The longest `data` of any payload in the history, wherever it hangs. */
function largestPayload(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (value instanceof Uint8Array) return 0;
  const data = (value as { data?: unknown }).data;
  const own = data instanceof Uint8Array ? data.length : 0;
  return Math.max(own, ...Object.values(value).map(largestPayload), 0);
}

function activitySeconds(events: Event[]): Record<string, number> {
  const types = new Map<string, string>();
  const starts = new Map<string, number>();
  const sums: Record<string, number> = {};
  for (const event of events) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    const started = event.activityTaskStartedEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    if (scheduled) types.set(String(event.eventId), scheduled.activityType?.name ?? '?');
    if (started) starts.set(String(started.scheduledEventId), at(event));
    if (completed) {
      const id = String(completed.scheduledEventId);
      const type = types.get(id) ?? '?';
      sums[type] = (sums[type] ?? 0) + at(event) - (starts.get(id) ?? at(event));
    }
  }
  return sums;
}

function at(event: Event): number {
  return Number(event.eventTime?.seconds ?? 0) + Number(event.eventTime?.nanos ?? 0) / 1e9;
}
