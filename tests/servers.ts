// Global set-up of the tests that need servers: one embedded Postgres with a migrated template, and one Temporal, per run.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../adapters/postgres/migrate.ts';
import { loadConfig } from '../server/config.ts';
import { startStack } from '../server/embedded/embedded-stack.ts';

/** Migrated, never connected to while tests run: each test file gets a copy of it. */
export const TEMPLATE_DATABASE = 'sluice_template';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Postgres of this run as its superuser; open a database by `openTestDatabase()`. */
    databaseUrl: string;
    temporalAddress: string;
    temporalNamespace: string;
  }
}

interface Servers {
  databaseUrl: string;
  temporalAddress: string;
  temporalNamespace: string;
  stop: () => Promise<void>;
}

interface Shared {
  servers: Promise<Servers>;
  users: number;
}

// Each vitest project loads this file for itself, in one process: the servers are shared through the global object.
const KEY = Symbol.for('sluice.tests.servers');
const holder = globalThis as { [KEY]?: Shared };

/** Starts the servers at the first call of a run; every call hands their addresses to its project. Answers the teardown. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (holder[KEY] ??= { servers: startServers(), users: 0 });
  shared.users += 1;
  const servers = await shared.servers;
  project.provide('databaseUrl', servers.databaseUrl);
  project.provide('temporalAddress', servers.temporalAddress);
  project.provide('temporalNamespace', servers.temporalNamespace);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete holder[KEY];
    await servers.stop();
  };
}

async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  // As root the servers belong to another OS user, who must be able to pass.
  chmodSync(folder, 0o711);
  const { PATH, HOME, XDG_CACHE_HOME, TEMPORAL_CLI_PATH } = process.env;
  const config = loadConfig({ env: { TEMPORAL_CLI_PATH }, overrides: { dataDir: join(folder, 'data') } });
  const said: string[] = [];
  try {
    const stack = await startStack({
      config,
      say: (text) => void said.push(text),
      worker: false,
      ui: false,
      env: { ...process.env, PATH, HOME, XDG_CACHE_HOME },
      migrate: makeTemplate,
    });
    const { databaseUrl, temporalAddress, namespace } = stack;
    const stop = async (): Promise<void> => {
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    return { databaseUrl, temporalAddress, temporalNamespace: namespace, stop };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`The servers of the tests do not start. What they said:\n${said.join('\n')}`, { cause: error });
  }
}

async function makeTemplate(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await client.end();
  const url = new URL(databaseUrl);
  url.pathname = `/${TEMPLATE_DATABASE}`;
  await migrate(url.toString());
}
