// Starts one long-running program with its output in a log file, and reports its end. Does not restart or judge it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';
import type { SpawnPlan } from './service.ts';

export interface RunningChild {
  identity: ProcessIdentity;
  /** Where the output of this start begins in the log file. */
  logOffset: number;
  /** Aborts when the process has ended; the reason is a sentence part such as `signal SIGKILL`. */
  ended: AbortSignal;
}

/** A log is set aside (one old copy) when it is longer at a start. Low loses history, high fills the disk. */
const MAX_LOG_BYTES = 20_000_000;
/** How much of a log's end is quoted when a program does not start. */
const TAIL_BYTES = 1_500;

/**
 * Starts the program. Output goes straight into the file, not through a pipe: a child whose supervisor was killed must
 * not die of, or block on, a broken pipe. Detached, so that Ctrl-C reaches the supervisor alone, which stops all in order.
 * Throws PipelineError `child_not_started`.
 */
export async function startChild(name: string, plan: SpawnPlan, logFile: string): Promise<RunningChild> {
  if (existsSync(logFile) && statSync(logFile).size > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a', 0o600);
  try {
    const logOffset = fstatSync(log).size;
    const { file, args, env, cwd, uid, gid } = plan;
    const ids = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
    const child = spawn(file, args, { env, cwd, ...ids, detached: true, stdio: ['ignore', log, log] });
    const ended = endOf(child);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    const identity = identify(child.pid ?? 0) ?? { pid: child.pid ?? 0, startedAt: '' };
    return { identity, logOffset, ended };
  } catch (error) {
    throw new PipelineError('child_not_started', `${name} could not be started (${plan.file}).`, {
      hint: 'See `sluice doctor` for what is missing.',
      cause: error,
    });
  } finally {
    closeSync(log);
  }
}

function endOf(child: ChildProcess): AbortSignal {
  const end = new AbortController();
  child.once('exit', (code, signal) => end.abort(signal ? `signal ${signal}` : `exit code ${code}`));
  return end.signal;
}

/** The log from an offset on, at most `maxBytes` of it. Empty when there is none. */
export function readLog(logFile: string, offset: number, maxBytes = 65_536): string {
  if (!existsSync(logFile)) return '';
  const file = openSync(logFile, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, Math.min(maxBytes, fstatSync(file).size - offset)));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset)).toString('utf8');
  } finally {
    closeSync(file);
  }
}

/** The last lines that this start wrote, for an error message. */
export function logTail(logFile: string, offset: number): string {
  const size = existsSync(logFile) ? statSync(logFile).size : 0;
  return readLog(logFile, Math.max(offset, size - TAIL_BYTES), TAIL_BYTES).trim();
}
