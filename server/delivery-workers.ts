// One activity-only worker for each channel whose token is here, so that a slow channel keeps no other waiting. New channels are
// noticed within seconds; each says in the database that it is served, so that people can be told when none is.
import { randomUUID } from 'node:crypto';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Database } from '../adapters/postgres/database.ts';
import { listChannels } from '../pipelines/channels/channel-store.ts';
import { forgetWorker, sayServed } from '../pipelines/channels/channel-workers.ts';
import type { Channel } from '../pipelines/contracts/channel.ts';
import { deliverQueue } from '../pipelines/contracts/task-queues.ts';
import type { Lanes } from './lanes.ts';

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
export async function startDeliveryWorkers(
  db: Database,
  shared: Shared,
  lanes: Pick<Lanes, 'canServe' | 'inFlightBound'>,
): Promise<DeliveryWorkers> {
  const id = randomUUID();
  const workers = new Map<string, Worker>();
  const runs: Promise<void>[] = [];
  let stopped = false;
  let fail: (error: unknown) => void;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined);

  const serve = async (channel: Channel): Promise<void> => {
    const worker = await Worker.create({
      ...shared,
      taskQueue: deliverQueue(channel.id),
      maxConcurrentActivityTaskExecutions: SLICES_AT_ONCE,
    });
    workers.set(channel.id, worker);
    const run = worker.run();
    run.catch((error: unknown) => fail(error));
    runs.push(run);
  };

  const look = async (): Promise<void> => {
    const served: { channelId: string; inFlight: number }[] = [];
    for (const channel of await listChannels(db)) {
      if (stopped) return;
      // A channel that a person has disabled is served all the same: its slices are held by the ledger, and say so.
      const able = channel.kind !== 'messenger' && lanes.canServe(channel);
      const worker = workers.get(channel.id);
      if (able && !worker) await serve(channel);
      if (!able && worker) {
        // Its token's variable was renamed: others may have the new one.
        workers.delete(channel.id);
        worker.shutdown();
      }
      if (able) served.push({ channelId: channel.id, inFlight: lanes.inFlightBound(channel) });
    }
    await sayServed(db, id, served);
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
    ended: Promise.race([
      failed,
      stopping.then(async () => {
        await Promise.all(runs);
        await forgetWorker(db, id).catch(() => undefined);
      }),
    ]),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      end();
    },
  };
}
