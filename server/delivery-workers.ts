// One activity-only worker for each channel whose token is here, so that a slow channel keeps no other waiting. New channels are
// noticed within seconds; each says in the database that it is served, so that people can be told when none is.
import { canSend } from '../contracts/channel-kinds.ts';
import { randomUUID } from 'node:crypto';
import { Runtime, type WorkerOptions } from '@temporalio/worker';
import { isPassing } from '../activities/failures.ts';
import type { Database } from '../ports/database.ts';
import { listChannels } from '../pipelines/channels/channel-store.ts';
import { forgetWorker, sayServed } from '../pipelines/channels/channel-workers.ts';
import { describeError } from '../contracts/pipeline-error.ts';
import { deliverQueue } from '../contracts/task-queues.ts';
import type { Lanes } from './lanes.ts';
import { shutDown, type FleetWorker } from './worker-fleet.ts';

/** Between two looks for new channels. Higher: a new channel's first broadcast waits; lower: a query more often. */
const LOOK_MS = 2_000;

/** Slices at once in one worker and channel: enough for the windows of several broadcasts. Permits bound what they send. */
const SLICES_AT_ONCE = 24;

export interface DeliveryWorkers {
  /** Looks for no more channels and takes back what was said in the database, when it answers; ends no worker. */
  stop(): Promise<void>;
}

/** How the worker of one queue differs from the others of its process. */
export type QueueOptions = Pick<
  WorkerOptions,
  | 'taskQueue'
  | 'workflowBundle'
  | 'maxCachedWorkflows'
  | 'stickyQueueScheduleToStartTimeout'
  | 'maxConcurrentActivityTaskExecutions'
>;

/**
 * Starts the workers of all channels there are now before it resolves, through `start`, which runs them. While the database does
 * not answer, it looks again and says so in the log; any other error of the first look is thrown.
 */
export async function startDeliveryWorkers(
  db: Database,
  lanes: Pick<Lanes, 'canServe' | 'inFlightBound'>,
  start: (options: QueueOptions) => Promise<FleetWorker>,
): Promise<DeliveryWorkers> {
  const id = randomUUID();
  const workers = new Map<string, FleetWorker>();
  let stopped = false;
  let lastError: string | null = null;

  const look = async (): Promise<void> => {
    const served: { channelId: string; inFlight: number }[] = [];
    for (const channel of await listChannels(db)) {
      if (stopped) return;
      // A channel that a person has disabled is served all the same: its slices are held by the ledger, and say so.
      const able = canSend(channel.kind) && lanes.canServe(channel);
      const worker = workers.get(channel.id);
      if (able && !worker)
        workers.set(
          channel.id,
          await start({
            taskQueue: deliverQueue(channel.id),
            maxConcurrentActivityTaskExecutions: SLICES_AT_ONCE,
          }),
        );
      if (!able && worker) {
        // Its token's variable was renamed: others may have the new one.
        workers.delete(channel.id);
        shutDown(worker);
      }
      if (able) served.push({ channelId: channel.id, inFlight: lanes.inFlightBound(channel) });
    }
    await sayServed(db, id, served);
  };

  // The database may be away, at the start too; channels can wait, and a worker that ended would only be started again. What does
  // not pass by itself, such as a wrong password, ends a worker that begins.
  const tryLook = async (first = false): Promise<void> => {
    try {
      await look();
      lastError = null;
    } catch (error) {
      if (first && !isPassing(error)) throw error;
      const text = describeError(error);
      if (text !== lastError) Runtime.instance().logger.warn(`Channels could not be looked up, trying again: ${text}`);
      lastError = text;
    }
  };

  await tryLook(true);
  let looking = Promise.resolve();
  let timer = setTimeout(function again() {
    looking = tryLook().finally(() => {
      if (!stopped) timer = setTimeout(again, LOOK_MS);
    });
  }, LOOK_MS);
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await looking;
      await forgetWorker(db, id).catch(() => undefined);
    },
  };
}
