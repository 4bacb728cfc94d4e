// The real Temporal server with workers of a test's own, whose activities are fakes: for the order of steps and what people see.
import { Client, Connection } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, inject } from 'vitest';
import { DATA_QUEUE, PIPELINE_QUEUE } from '../../contracts/task-queues.ts';

export type WorkflowHandle = Awaited<ReturnType<Client['workflow']['start']>>;

/** Starts a workflow beside workers of its own, and hands its handle to `during`. */
export type WithWorkflow = <T>(
  type: string,
  activities: object,
  args: unknown[],
  during: (handle: WorkflowHandle) => Promise<T>,
) => Promise<T>;

/**
 * Call it once a file; it connects before the tests and closes after them. Ids begin with `prefix`. `queues`: of activities, beside that
 * of the workflows.
 */
export function workflowWorld(prefix: string, queues: readonly string[] = [DATA_QUEUE]): WithWorkflow {
  let native: NativeConnection;
  let connection: Connection;
  let client: Client;
  let workflowBundle: WorkflowBundleWithSourceMap;
  let runs = 0;
  const namespace = inject('temporalNamespace');
  const silent = new DefaultLogger('ERROR');

  beforeAll(async () => {
    Runtime.install({ logger: silent });
    const address = inject('temporalAddress');
    native = await NativeConnection.connect({ address });
    connection = await Connection.connect({ address });
    client = new Client({ connection, namespace });
    workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
      logger: silent,
    });
  });
  afterAll(async () => {
    await connection.close();
    await native.close();
  });

  return async (type, activities, args, during) => {
    const shared = { connection: native, namespace, activities, maxHeartbeatThrottleInterval: '100ms' } as const;
    const workers = await Promise.all([
      Worker.create({ ...shared, taskQueue: PIPELINE_QUEUE, workflowBundle }),
      ...queues.map((taskQueue) => Worker.create({ ...shared, taskQueue })),
    ]);
    const running = workers.map((worker) => worker.run());
    try {
      const workflowId = `${prefix}/test-${++runs}`;
      return await during(await client.workflow.start(type, { taskQueue: PIPELINE_QUEUE, workflowId, args }));
    } finally {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    }
  };
}
