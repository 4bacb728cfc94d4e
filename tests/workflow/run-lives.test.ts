// Whether a run lives is asked of the real server by its run id alone: a folder of work knows no more.
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { expect, inject, test } from 'vitest';
import { runLives } from '../../server/plan-deps.ts';

test('a run that waits for a worker lives; one that ended, or that nobody knows, does not', async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const client = new Client({ connection, namespace: inject('temporalNamespace') });
    const handle = await client.workflow.start('nobody', { taskQueue: randomUUID(), workflowId: randomUUID() });
    const run = handle.firstExecutionRunId;
    await expect.poll(() => runLives(client, run), { timeout: 20_000 }).toBe(true);
    await handle.terminate();
    await expect.poll(() => runLives(client, run), { timeout: 20_000 }).toBe(false);
    expect(await runLives(client, randomUUID())).toBe(false);
  } finally {
    await connection.close();
  }
});
