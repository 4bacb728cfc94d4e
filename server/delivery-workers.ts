// One activity-only worker for each enabled channel, so that a slow channel keeps no other waiting. New channels are noticed
// within seconds.
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Database } from '../adapters/postgres/database.ts';
import { listChannels } from '../pipelines/channels/channel-store.ts';
import { deliverQueue } from '../pipelines/contracts/task-queues.ts';

/** Between two looks for new channels. Higher: a new channel's first broadcast waits; lower: a query more often. */
const LOOK_MS = 2_000;

/** Slices at once in one worker and channel: enough for the windows of several broadcasts. Permits bound what they send. */
const SLICES_AT_ONCE = 24;

export interface DeliveryWorkers {
  /** Ends with the first worker that fails; after `stop`, when all have drained. */
  readonly ended: Promise<void>;
  stop(): void;
}

type Shared = Omit<WorkerOptions, 'taskQueue' | 'maxConcurrentActivityTaskExecutions'>;

/** Starts the workers of all channels there are now before it resolves. */
export async function startDeliveryWorkers(db: Database, shared: Shared): Promise<DeliveryWorkers> {
  const workers = new Map<string, Worker>();
  const runs: Promise<void>[] = [];
  let stopped = false;
  let fail: (error: unknown) => void;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);

  const look = async (): Promise<void> => {
    for (const channel of await listChannels(db)) {
      if (stopped || workers.has(channel.id) || !channel.enabled || channel.kind === 'messenger') continue;
      const worker = await Worker.create({
        ...shared,
        taskQueue: deliverQueue(channel.id),
        maxConcurrentActivityTaskExecutions: SLICES_AT_ONCE,
      });
      workers.set(channel.id, worker);
      const run = worker.run();
      run.catch((error: unknown) => fail(error));
      runs.push(run);
    }
  };

  await look();
  // The database may be away for a while; channels can wait.
  let timer = setTimeout(function again() {
    look()
      .catch(() => undefined)
      .finally(() => {
        if (!stopped) timer = setTimeout(again, LOOK_MS);
      });
  }, LOOK_MS);
  let end: () => void;
  const stopping = new Promise<void>((resolve) => (end = resolve));
  return {
    ended: Promise.race([failed, stopping.then(async () => void (await Promise.all(runs)))]),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      end();
    },
  };
}
