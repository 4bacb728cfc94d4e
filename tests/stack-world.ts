// A whole embedded stack for one test file: servers, compiled worker, database, Temporal client, a folder for files.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import type { ImportInput, ImportResult } from '../contracts/import.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { loadConfig } from '../server/config.ts';
import { startStack, type Stack } from '../server/embedded/embedded-stack.ts';
import { workerCommand } from '../server/embedded/worker-service.ts';
import { connectToStack } from '../server/services.ts';
import { openDelayProxy } from './delay-proxy.ts';

export interface StackWorld {
  stack: Stack;
  db: Database;
  client: Client;
  folder: string;
  dataDir: string;
  file(name: string, content: string | Uint8Array): Promise<string>;
  /** Starts importContacts; the handle outlives killed servers. */
  start(input: Partial<ImportInput> & { file: string; channel: string }, workflowId: string): Promise<StartedImport>;
  /** How far away Postgres is for the workers from now on, round trip; with `farDatabase` only. */
  databaseAway(roundTripMs: number): void;
  close(): Promise<void>;
}

export interface StartedImport {
  workflowId: string;
  /** The result, asked for again while Temporal is away. */
  result(): Promise<ImportResult>;
}

export interface StackWorldOptions {
  /** Workers; default 1. */
  workers?: number;
  simulator?: boolean;
  /** The workers reach Postgres through a proxy, and it can be moved away. */
  farDatabase?: boolean;
}

/** Starts it all; takes some ten seconds. `env` holds settings by their SLUICE_* names, and the secrets of channels. */
export async function openStackWorld(
  env: Record<string, string> = {},
  { workers = 1, simulator = false, farDatabase = false }: StackWorldOptions = {},
): Promise<StackWorld> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-world-'));
  // As root Postgres runs as another OS user, who must be able to pass.
  await chmod(folder, 0o711);
  const dataDir = path.join(folder, 'data');
  const settings = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(SLUICE_|DATABASE_URL)/.test(name)),
  );
  let postgres = { host: '127.0.0.1', port: 0 };
  const proxy = farDatabase ? await openDelayProxy(() => postgres, 0) : null;
  const said: string[] = [];
  const stack = await startStack({
    config: loadConfig({
      env: { ...env, TEMPORAL_CLI_PATH: process.env['TEMPORAL_CLI_PATH'] },
      overrides: { dataDir },
    }),
    say: (text) => void said.push(text),
    env: { ...settings, ...env },
    worker: workers,
    simulator,
    ui: false,
    ...(proxy === null ? {} : { workerCommand: farWorker(proxy.port) }),
    migrate: async (url) => {
      const { hostname, port } = new URL(url);
      postgres = { host: hostname, port: Number(port) };
      await migrate(url);
    },
  });
  const db = openDatabase({ url: stack.databaseUrl, poolSize: 4, applicationName: 'sluice test' });
  const client = await connectToStack(stack);
  return {
    stack,
    db,
    client,
    folder,
    dataDir,
    file: async (name, content) => {
      const target = path.join(folder, name);
      await writeFile(target, content);
      return target;
    },
    start: async (input, workflowId) => {
      const handle = await client.workflow.start('importContacts', {
        taskQueue: PIPELINE_QUEUE,
        workflowId,
        args: [input],
      });
      return { workflowId, result: () => untilAnswered(() => handle.result() as Promise<ImportResult>) };
    },
    databaseAway: (roundTripMs) => proxy?.delay(roundTripMs),
    close: async () => {
      await client.connection.close();
      await db.end();
      await stack.stop();
      await proxy?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The worker's own command, with Postgres at another port. The shell becomes the worker, so that a kill hits that. */
function farWorker(port: number): string[] {
  const [node = '', cli = '', ...args] = workerCommand();
  const script = `DATABASE_URL=$(printf %s "$DATABASE_URL" | sed -E 's#:[0-9]+/#:${port}/#') exec "${node}" "$0" ${args.join(' ')}`;
  return ['/bin/sh', '-c', script, cli];
}

/** Asks again as long as the server is away; any other error is the answer. */
export async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const text = `${String(error)} ${String((error as Error).cause)}`;
      if (Date.now() > deadline || !/UNAVAILABLE|DEADLINE_EXCEEDED|ServiceError|CANCELLED: /.test(text)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Looks until `condition` gives something, through lost connections too. Throws after `patienceMs`. */
export async function until<T>(what: string, patienceMs: number, condition: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await condition().catch(() => null);
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come within ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
