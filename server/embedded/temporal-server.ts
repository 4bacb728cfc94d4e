// The embedded Temporal server as a service: how to start it and know that workers can poll it.
import { Connection } from '@temporalio/client';
import type { DataFolder } from './data-folder.ts';
import { ensureSearchAttributes, SEARCH_ATTRIBUTES } from './search-attributes.ts';
import type { Service } from './service.ts';
import { PLAIN_STOP } from './stop-process.ts';

export const EMBEDDED_NAMESPACE = 'default';

/** Ready takes 1 s idle; a loaded machine with a large database needs far more. */
const READY_TIMEOUT_MS = 120_000;
/** One look over loopback. */
const CONNECT_TIMEOUT_MS = 3_000;

export interface TemporalOptions {
  program: string;
  folder: DataFolder;
  port: number;
  /** Null runs without a UI. */
  uiPort: number | null;
}

/** Describes the server; starts nothing. Loopback only: it knows no authentication. */
export function temporalService({ program, folder, port, uiPort }: TemporalOptions): Service {
  const address = `127.0.0.1:${port}`;
  return {
    name: 'temporal',
    marker: folder.temporalDb,
    stopPlan: PLAIN_STOP,
    readyTimeoutMs: READY_TIMEOUT_MS,
    prepare: async () => ({
      file: program,
      args: [
        ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
        ...(uiPort === null ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)]),
        ...['--db-filename', folder.temporalDb, '--namespace', EMBEDDED_NAMESPACE, '--log-level', 'warn'],
        // WAL with NORMAL survives a killed process and is four times as quick as the default; OFF gains nothing more.
        ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
        ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ],
      env: temporalProgramEnvironment(process.env),
      cwd: folder.root,
    }),
    isReady: () => answers(address),
  };
}

/** Without TEMPORAL_* names: the program reads them as client settings and would complain of, or follow, a cluster's. */
function temporalProgramEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

/**
 * Environment by which a child finds the embedded server and nothing else: settings meant for a cluster (keys, TLS,
 * profiles) are taken out, and the profile file of the user's home gives way to one in the data folder, which is absent
 * unless somebody puts it there. (An empty file would not do: the SDK 1.24 fails on it.)
 */
export function temporalClientEnvironment(
  env: NodeJS.ProcessEnv,
  address: string,
  folder: DataFolder,
): NodeJS.ProcessEnv {
  return {
    ...temporalProgramEnvironment(env),
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: EMBEDDED_NAMESPACE,
    TEMPORAL_CONFIG_FILE: folder.temporalProfile,
  };
}

async function answers(address: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: CONNECT_TIMEOUT_MS });
    await connection.withDeadline(Date.now() + CONNECT_TIMEOUT_MS, () => describeNamespace(connection as Connection));
    await ensureSearchAttributes(connection, EMBEDDED_NAMESPACE);
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

async function describeNamespace(connection: Connection): Promise<void> {
  await connection.workflowService.describeNamespace({ namespace: EMBEDDED_NAMESPACE });
}
