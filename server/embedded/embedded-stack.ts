// Brings up the stack of a data folder in order: Postgres, migrations, Temporal, simulator, workers. And takes it down again.
import type { Config } from '../config-schema.ts';
import { PipelineError, describeError } from '../../contracts/pipeline-error.ts';
import { makeDataFolder, type DataFolder } from './data-folder.ts';
import { stopOrphans } from './orphans.ts';
import { lockHolder, tryPidLock, type PidLock } from './pid-lock.ts';
import { keepPorts, type Ports } from './ports.ts';
import { prepareEmbeddedPostgres } from './postgres-server.ts';
import { identify } from './process-identity.ts';
import { removeRuntime, writeRuntime, type Runtime } from './runtime-file.ts';
import { resolveSuppressionKey } from './secrets-file.ts';
import { simulatorService } from './simulator-service.ts';
import { startReaper } from './start-reaper.ts';
import { Supervisor } from './supervisor.ts';
import { ensureTemporal } from './temporal-binary.ts';
import { EMBEDDED_NAMESPACE, temporalClientEnvironment, temporalService } from './temporal-server.ts';
import { workerService } from './worker-service.ts';

export interface StackOptions {
  /** With `databaseUrl` set, that Postgres is used and none is started. */
  config: Config;
  /** One sentence of progress at a time, for a person. */
  say: (text: string) => void;
  /** How many workers; true is one. */
  worker: boolean | number;
  /** Brings the database to the current schema; called once Postgres answers, before anything uses it. */
  migrate: (databaseUrl: string) => Promise<void>;
  /** Program and arguments of a worker; default: this Node, `dist/cli/main.js worker`. */
  workerCommand?: readonly string[];
  /** A Temporal that runs elsewhere (TEMPORAL_ADDRESS or a profile): none is started, children get `env` unchanged. */
  temporal?: { address: string; namespace: string } | undefined;
  /** Environment of the children and for finding the Temporal program; default the process's. */
  env?: NodeJS.ProcessEnv;
  /** False runs Temporal without its UI, as tests do. Default true. */
  ui?: boolean;
  /** True runs the simulated providers too. Default false. */
  simulator?: boolean;
  /** Gives up a start that is under way; everything started so far is stopped. */
  signal?: AbortSignal;
}

export interface Stack {
  databaseUrl: string;
  temporalAddress: string;
  /** Empty when there is no embedded UI. */
  uiUrl: string;
  /** Base of the simulated providers; empty when there are none. */
  simulatorUrl: string;
  namespace: string;
  /** By this environment a program of Sluice finds this stack; a worker gets the same. */
  clientEnv: NodeJS.ProcessEnv;
  /** Names: `postgres`, `temporal`, `simulator`, `worker`, `worker-2` … Null while one is being restarted. */
  pidOf(name: string): number | null;
  /** Sends a signal; true when there was a process. It is started again if it dies. */
  kill(name: string, signal: NodeJS.Signals): boolean;
  /** Kills it and keeps it down until the function given back is called: for fault tests. */
  hold(name: string): () => void;
  /** Resolves when the process under that name answers; default patience 120,000 ms. Throws `not_ready`. */
  waitReady(name: string, timeoutMs?: number): Promise<void>;
  /** Stops all in reverse order and frees the data folder. Twice is harmless. */
  stop(): Promise<void>;
}

const DEFAULT_PATIENCE_MS = 120_000;

/**
 * Starts the stack and answers when all of it does. A second call for a data folder that is in use throws PipelineError
 * `stack_running` with the pid. Children of a supervisor that was killed are stopped first. When any part cannot start,
 * the parts before it are stopped and its error is thrown.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const folder = makeDataFolder(options.config.dataDir);
  const lock = lockFolder(folder);
  try {
    await stopOrphans(folder.root, options.say);
    removeRuntime(folder.root);
    return await bringUp(options, folder, lock);
  } catch (error) {
    removeRuntime(folder.root);
    lock.release();
    throw error;
  }
}

function lockFolder(folder: DataFolder): PidLock {
  const lock = tryPidLock(folder.supervisorLock);
  if (lock) return lock;
  const pid = lockHolder(folder.supervisorLock)?.pid ?? 0;
  throw new PipelineError('stack_running', `Process ${pid} already runs a stack in ${folder.root}.`, {
    hint: `Use that one; or end it (kill ${pid}) and start again; or choose another --data-dir.`,
    details: { pid },
  });
}

async function bringUp(options: StackOptions, folder: DataFolder, lock: PidLock): Promise<Stack> {
  const { config, say } = options;
  const { postgresPort, temporalPort, uiPort, simulatorPort } = config;
  const ports: Ports = {
    ...(await keepPorts(folder.root, { postgres: postgresPort, temporal: temporalPort, ui: uiPort })),
    ...(options.simulator ? await keepPorts(folder.root, { simulator: simulatorPort }) : { simulator: 0 }),
  };
  const runtime = newRuntime(options, ports);
  const supervisor = new Supervisor({
    logsDir: folder.logs,
    say,
    onChange(children) {
      runtime.children = children;
      try {
        writeRuntime(folder.root, runtime);
      } catch (error) {
        // A full disk or a removed folder must not end the supervision of what runs.
        say(`${folder.runtimeFile} cannot be written: ${describeError(error)}`);
      }
    },
  });
  const reaper = startReaper(folder);
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await reaper.dismiss();
    removeRuntime(folder.root);
    lock.release();
  };
  const onAbort = (): void => void stop();
  options.signal?.addEventListener('abort', onAbort);
  try {
    const clientEnv = await startParts(options, folder, { runtime, ports, supervisor });
    options.signal?.throwIfAborted();
    runtime.ready = true;
    writeRuntime(folder.root, runtime);
    return {
      databaseUrl: runtime.databaseUrl,
      temporalAddress: runtime.temporalAddress,
      uiUrl: runtime.uiUrl,
      simulatorUrl: runtime.simulatorUrl ?? '',
      namespace: runtime.namespace,
      clientEnv,
      pidOf: (name) => supervisor.pidOf(name),
      kill: (name, signal) => supervisor.kill(name, signal),
      hold: (name) => supervisor.hold(name),
      waitReady: (name, timeoutMs = DEFAULT_PATIENCE_MS) => supervisor.waitReady(name, timeoutMs),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

interface Parts {
  runtime: Runtime;
  ports: Ports;
  supervisor: Supervisor;
}

async function startParts(options: StackOptions, folder: DataFolder, parts: Parts): Promise<NodeJS.ProcessEnv> {
  const { config, say, env = process.env, signal } = options;
  const { runtime, ports, supervisor } = parts;
  const suppressionKey = resolveSuppressionKey(config);
  // Found first: getting it may take minutes and may fail, and nothing needs stopping yet.
  const program = options.temporal ? null : await ensureTemporal({ config, env, say, signal });
  if (config.databaseUrl === '') {
    const { service, databaseUrl } = await prepareEmbeddedPostgres(folder, ports.postgres, say);
    runtime.databaseUrl = databaseUrl;
    await supervisor.start(service);
    say(`Postgres answers on 127.0.0.1:${ports.postgres}.`);
  }
  await options.migrate(runtime.databaseUrl);
  if (program) {
    const port = ports.temporal;
    await supervisor.start(
      temporalService({ program: program.path, folder, port, uiPort: runtime.uiUrl === '' ? null : ports.ui }),
    );
    say(`Temporal ${program.server} answers on ${runtime.temporalAddress}.`);
  }
  if (runtime.simulatorUrl) {
    await supervisor.start(simulatorService({ folder, port: ports.simulator, env }));
    say(`The simulated providers answer on 127.0.0.1:${ports.simulator}.`);
  }
  const clientEnv: NodeJS.ProcessEnv = {
    ...(program ? temporalClientEnvironment(env, runtime.temporalAddress, folder) : env),
    DATABASE_URL: runtime.databaseUrl,
    SLUICE_DATA_DIR: folder.root,
    SLUICE_SUPPRESSION_KEY: suppressionKey,
  };
  for (let i = 1; i <= Number(options.worker); i++) {
    const name = i === 1 ? 'worker' : `worker-${i}`;
    await supervisor.start(
      workerService({ name, dataDir: folder.root, command: options.workerCommand, env: clientEnv }),
    );
    say(`${name} polls (pid ${supervisor.pidOf(name)}).`);
  }
  return clientEnv;
}

function newRuntime({ config, temporal, ui = true, simulator }: StackOptions, ports: Ports): Runtime {
  const me = identify(process.pid) ?? { pid: process.pid, startedAt: '' };
  return {
    ...me,
    ready: false,
    databaseUrl: config.databaseUrl,
    temporalAddress: temporal?.address ?? `127.0.0.1:${ports.temporal}`,
    uiUrl: temporal || !ui ? '' : `http://127.0.0.1:${ports.ui}`,
    ...(simulator ? { simulatorUrl: `http://127.0.0.1:${ports.simulator}` } : {}),
    namespace: temporal?.namespace ?? EMBEDDED_NAMESPACE,
    children: {},
  };
}
