// Runs workers until told to stop: one for workflows and short activities, one for the long data steps, one for each channel's
// deliveries.
import { DefaultLogger, NativeConnection, Runtime, Worker, type LogLevel as SdkLogLevel } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { BROADCAST_QUEUE, COMPUTE_QUEUE, DATA_QUEUE, PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { requireBusinessZone } from '../pipelines/lake/business-zone.ts';
import { activityDeps, lanesOf } from './activity-deps.ts';
import { startDeliveryWorkers, type DeliveryWorkers, type QueueOptions } from './delivery-workers.ts';
import { WORKFLOW_BUNDLE } from './bundle-workflows.ts';
import type { Config } from './config.ts';
import { ensureSearchAttributes } from './embedded/search-attributes.ts';
import { connectTemporal, type Services } from './services.ts';
import { WorkerFleet } from './worker-fleet.ts';

/** Caps how late an activity hears of a cancel. Too high: pause and cancel come late; too low: a call a heartbeat. */
const HEARTBEAT_THROTTLE = '1s';

/** How long a workflow task waits for the worker that has it cached. Too high: a killed worker's workflows stall that long. */
const STICKY_TIMEOUT = '2s';

/** Each cached workflow takes memory of the isolate; evicted ones are replayed. */
const CACHED_WORKFLOWS = 200;

/** Data steps at once in one worker: each may use two connections and two threads. */
const DATA_STEPS = 2;

/** Starts, retries and cancels at once in one worker: each walks its ledger by ranges. */
const BROADCAST_STEPS = 4;

/** While Postgres is away it cannot be asked: then the steps that need days ask for themselves. */
async function refuseOtherZone(db: Database, config: Config): Promise<void> {
  await requireBusinessZone(db, config.businessTimeZone).catch((error: unknown) => {
    if (error instanceof PipelineError) throw error;
  });
}

/**
 * Polls until SIGINT or SIGTERM; `onReady` is called once all of them poll. Registers missing search attributes first. Rejects,
 * with all workers ended, when Temporal cannot be reached at the start (`temporal_unreachable`), its business time zone is not the
 * database's (`business_time_zone_differs`), or any worker cannot go on.
 * Postgres may be away: the steps wait for it. Any number of such processes may run side by side.
 */
export async function runWorker(config: Config, services: Services, onReady: () => void): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger(config.logLevel.toUpperCase() as SdkLogLevel),
    shutdownSignals: ['SIGINT', 'SIGTERM', 'SIGQUIT'],
  });
  const { namespace } = services.temporal;
  // First, since it says in words when nothing answers.
  const client = await connectTemporal(services);
  const connection = await NativeConnection.connect(services.temporal.connection).catch(async (error: unknown) => {
    await client.connection.close();
    throw error;
  });
  const db = openDatabase({
    url: services.databaseUrl,
    poolSize: config.postgresPoolSize,
    applicationName: 'sluice worker',
  });
  const lanes = lanesOf(config, db);
  const fleet = new WorkerFleet();
  let deliveries: DeliveryWorkers | null = null;
  try {
    await refuseOtherZone(db, config);
    await ensureSearchAttributes(client.connection, namespace);
    const activities = createActivities(activityDeps(config, db, client, lanes));
    const start = (options: QueueOptions) =>
      fleet.start(() =>
        Worker.create({
          connection,
          namespace,
          activities,
          maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
          shutdownForceTime: '30s',
          ...options,
        }),
      );
    await Promise.all([
      start({
        taskQueue: PIPELINE_QUEUE,
        workflowBundle: { codePath: WORKFLOW_BUNDLE },
        maxCachedWorkflows: CACHED_WORKFLOWS,
        stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT,
      }),
      start({ taskQueue: DATA_QUEUE, maxConcurrentActivityTaskExecutions: DATA_STEPS }),
      start({ taskQueue: BROADCAST_QUEUE, maxConcurrentActivityTaskExecutions: BROADCAST_STEPS }),
      // One at a time, so that what is left goes to the other workers.
      start({ taskQueue: COMPUTE_QUEUE, maxConcurrentActivityTaskExecutions: 1 }),
    ]);
    deliveries = await startDeliveryWorkers(db, lanes, start);
    if (fleet.healthy) onReady();
  } catch (error) {
    fleet.fail(error);
  }
  try {
    await fleet.ended();
  } finally {
    await deliveries?.stop();
    await lanes.close();
    await db.end();
    await client.connection.close();
    await connection.close();
  }
}
