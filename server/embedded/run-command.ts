// Runs one short-lived program to its end and hands back what it printed. Kills its whole process group when it must stop.
import { spawn } from 'node:child_process';

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number | undefined;
  gid?: number | undefined;
  input?: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface RunResult {
  /** Null when it could not be started or was killed. */
  code: number | null;
  /** stdout and stderr in the order they came, the last part only when long. */
  output: string;
  /** Why there is no exit code. */
  failure: 'timeout' | 'aborted' | 'not_started' | null;
}

/** Characters of output kept: enough for any error message, bounded for a chatty program. */
const KEPT_OUTPUT = 16_384;

/** Never rejects: not being able to start is an answer too. */
export function runCommand(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve) => {
    let output = '';
    let failure: RunResult['failure'] = null;
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    };
    // Detached: the child leads a process group, so that a compiler or server started by it is ended with it.
    const child = spawn(file, args, {
      cwd: options.cwd ?? '/',
      env: options.env ?? process.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
    const killGroup = (why: RunResult['failure']): void => {
      failure = why;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Ended on its own meanwhile.
      }
    };
    const timer = setTimeout(() => killGroup('timeout'), options.timeoutMs);
    const onAbort = (): void => killGroup('aborted');
    const finish = (code: number | null): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      resolve({ code: failure ? null : code, output, failure });
    };
    options.signal?.addEventListener('abort', onAbort);
    if (options.signal?.aborted) onAbort();
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      failure ??= 'not_started';
      output ||= error.message;
      finish(null);
    });
    child.on('close', (code) => finish(code));
  });
}
