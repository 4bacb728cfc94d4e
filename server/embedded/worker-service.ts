// A Sluice worker process as a service: its environment, and the line by which it says that it polls.
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { builtCli } from '../package-root.ts';
import { readLog } from './child-process.ts';
import type { Service } from './service.ts';
import { WORKER_STOP } from './stop-process.ts';

/** Loading the workflow bundle and opening pools takes 2 to 5 s; a loaded small machine several times that. */
const READY_TIMEOUT_MS = 120_000;

/** Our own programs print this one JSON line on stdout when they do their work. */
export const READY_LINE = /^\{\s*"ready"\s*:\s*true\b.*\}\s*$/m;

export interface WorkerOptions {
  name: string;
  dataDir: string;
  /** Program and arguments; default: this Node, the built command line, `worker`. */
  command?: readonly string[] | undefined;
  /** All that the worker finds its servers and secrets by. */
  env: NodeJS.ProcessEnv;
}

/** The command of a worker. Throws PipelineError `build_missing` when Sluice was not built. */
export function workerCommand(): string[] {
  return cliCommand('worker');
}

/** This Node with the built command line. Throws PipelineError `build_missing`. */
export function cliCommand(...args: string[]): string[] {
  if (existsSync(builtCli())) return [process.execPath, builtCli(), ...args];
  throw new PipelineError('build_missing', `${builtCli()} is missing: Sluice was not built.`, {
    hint: 'Run `npm run build`.',
  });
}

/** Describes the worker; starts nothing. */
export function workerService({ name, dataDir, command, env }: WorkerOptions): Service {
  const [file = process.execPath, ...args] = command ?? workerCommand();
  return {
    name,
    marker: args.find((argument) => argument.endsWith('.js')) ?? file,
    stopPlan: WORKER_STOP,
    readyTimeoutMs: READY_TIMEOUT_MS,
    prepare: async () => ({
      file,
      args,
      cwd: dataDir,
      // DuckDB, files and DNS share libuv's threads: the default four let one slow disk stall name look-ups.
      env: { ...env, UV_THREADPOOL_SIZE: String(Math.max(8, cpus().length)) },
    }),
    isReady: async ({ logFile, logOffset }) => READY_LINE.test(readLog(logFile, logOffset)),
  };
}
