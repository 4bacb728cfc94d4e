// A stack of its own for one bench, in a temporary folder that is removed again.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { loadConfig, type Config } from '../server/config.ts';
import { startStack, type Stack } from '../server/embedded/embedded-stack.ts';

export interface BenchStack {
  stack: Stack;
  db: Database;
  config: Config;
  folder: string;
  close(): Promise<void>;
}

export interface BenchStackOptions {
  /** Default 1. */
  workers?: number;
  simulator?: boolean;
  /** Beside this process's own: the tokens of channels. */
  env?: Record<string, string>;
}

/** Starts it; takes some ten seconds. */
export async function openBenchStack(
  say: (text: string) => void,
  { workers = 1, simulator = false, env: more = {} }: BenchStackOptions = {},
): Promise<BenchStack> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-bench-'));
  // As root Postgres runs as another OS user, who must be able to pass.
  await chmod(folder, 0o711);
  const env = { ...process.env, DATABASE_URL: '', ...more };
  const config = loadConfig({ env, overrides: { dataDir: folder } });
  const stack = await startStack({
    config,
    say,
    env,
    worker: workers,
    simulator,
    migrate: async (url) => {
      await migrate(url);
    },
  });
  const db = openDatabase({ url: stack.databaseUrl, poolSize: 4, applicationName: 'sluice bench' });
  return {
    stack,
    db,
    config,
    folder,
    close: async () => {
      await db.end();
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs `work` in such a stack, and removes it whatever happens. */
export async function inBenchStack<T>(
  say: (text: string) => void,
  work: (bench: BenchStack) => Promise<T>,
  options: BenchStackOptions = {},
): Promise<T> {
  const bench = await openBenchStack(say, options);
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}
