// The retry policy of a slice: what its plan chose.
import type { DeliveryPorts, SliceJob } from './ports.ts';
import type { RetryPolicy } from './verdict.ts';

export function retryPolicy(job: SliceJob, ports: Pick<DeliveryPorts, 'random'>): RetryPolicy {
  return {
    maxAttempts: job.options.maxAttempts,
    onUnclear: job.options.onUnclearRefusal ?? 'retry',
    random: () => ports.random(),
  };
}
