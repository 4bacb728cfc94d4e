// Activities as workflows call them: which queue, how long, how often again. One place for all timeouts.
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { BROADCAST_QUEUE, COMPUTE_QUEUE, DATA_QUEUE, deliverQueue, PIPELINE_QUEUE } from '../contracts/task-queues.ts';

const RETRY = { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;

/** Steps over the whole file. Resumable, so the time allowed is generous; a dead worker shows by its heartbeat. */
export const steps = proxyActivities<Activities>({
  taskQueue: DATA_QUEUE,
  startToCloseTimeout: '24 hours',
  // Too low: a busy machine loses a healthy step; too high: a killed worker's step waits that long.
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
});

/** The same over all recipients of a broadcast: two imports must not keep a start, a retry or a cancel waiting. */
export const broadcastSteps = proxyActivities<Activities>({
  taskQueue: BROADCAST_QUEUE,
  startToCloseTimeout: '24 hours',
  // As for the steps of imports.
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
});

/** Steps in DuckDB: one at a time in a worker. A step that is repeated writes new files, so it may be tried without limit. */
export const compute = proxyActivities<Activities>({
  taskQueue: COMPUTE_QUEUE,
  startToCloseTimeout: '6 hours',
  // Too low: a machine whose cores are all at work loses a healthy step; too high: a killed worker's step waits that long.
  heartbeatTimeout: '15s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
});

/** Short reads and closing words. */
export const short = proxyActivities<Activities>({
  taskQueue: PIPELINE_QUEUE,
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: RETRY,
});

/**
 * Deliveries of one channel. No time limit on the whole: a paused or slow slice is healthy as long as it heartbeats. Each try
 * resolves first what the one before had claimed, so it may be tried without limit.
 */
export function deliveryOn(channel: string) {
  return proxyActivities<Pick<Activities, 'deliverSlice'>>({
    taskQueue: deliverQueue(channel),
    startToCloseTimeout: '12 hours',
    // Too low: a busy machine loses a healthy worker's slice, and with it what it had under way; too high: a killed one's waits.
    heartbeatTimeout: '5s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' },
  });
}
