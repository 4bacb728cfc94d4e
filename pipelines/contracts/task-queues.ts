// Task queues, by role. Long data steps have a queue of their own, so that they cannot keep short ones waiting.
export const PIPELINE_QUEUE = 'pipeline';
export const DATA_QUEUE = 'data';
