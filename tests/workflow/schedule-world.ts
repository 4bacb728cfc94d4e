// What tests of schedules share: a worker whose workflows stand in for the real ones, and a request to change.
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker, type NativeConnection } from '@temporalio/worker';
import type { ScheduleRequest } from '../../contracts/schedules.ts';
import { parseFrequencyInput } from '../../contracts/tag-frequency.ts';
import { PIPELINE_QUEUE } from '../../contracts/task-queues.ts';

export const silent = new DefaultLogger('ERROR');

/** Two in the night, every night: due at no moment of a test, unless one wants it. */
export function scheduleRequest(id: string, own: Partial<ScheduleRequest> = {}): ScheduleRequest {
  return {
    kind: 'tag-frequency',
    id,
    cron: '0 2 * * *',
    timeZone: 'Asia/Taipei',
    catchUpSeconds: 3_600,
    jitterSeconds: 0,
    input: parseFrequencyInput({ windows: ['7d', '30d'] }),
    ...own,
  };
}

/** Input that makes the stand-in wait for the signal `letGo`. */
export const HELD = parseFrequencyInput({ channel: 'hold' });

/** Every second. */
export const SECONDLY = '* * * * * * *';

export function standInBundle(): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL('./scheduled-stand-in.ts', import.meta.url));
  return bundleWorkflowCode({ workflowsPath, logger: silent });
}

export function standInWorker(
  connection: NativeConnection,
  namespace: string,
  workflowBundle: { code: string },
): Promise<Worker> {
  return Worker.create({ connection, namespace, taskQueue: PIPELINE_QUEUE, workflowBundle });
}
