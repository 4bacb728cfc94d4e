// Task queues, by role. Long data steps have a queue of their own, so that they cannot keep short ones waiting.
export const PIPELINE_QUEUE = 'pipeline';
export const DATA_QUEUE = 'data';
/** Steps of a broadcast over all its recipients: they must not wait for imports. */
export const BROADCAST_QUEUE = 'broadcast';
/** What DuckDB does: it takes all the threads and memory it is given, so a worker does one of these at a time. */
export const COMPUTE_QUEUE = 'compute';

/** The queue of one channel's deliveries: a slow channel keeps nobody else waiting. */
export function deliverQueue(channelId: string): string {
  return `deliver.${channelId}`;
}
