// Task queues, by role. Long data steps have a queue of their own, so that they cannot keep short ones waiting.
export const PIPELINE_QUEUE = 'pipeline';
export const DATA_QUEUE = 'data';

/** The queue of one channel's deliveries: a slow channel keeps nobody else waiting. */
export function deliverQueue(channelId: string): string {
  return `deliver.${channelId}`;
}
