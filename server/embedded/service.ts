// What the supervisor must know of a program to run it: the seam between supervising and Postgres, Temporal, worker.
import type { StopPlan } from './stop-process.ts';

/** One start of a program. */
export interface SpawnPlan {
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  uid?: number;
  gid?: number;
}

export interface ReadyProbe {
  /** Where the output of this start begins in the log file, in bytes. */
  logFile: string;
  logOffset: number;
  /** Aborts when the process died or the stack stops: the answer is no longer wanted. */
  signal: AbortSignal;
}

export interface Service {
  name: string;
  /** A part of the command line by which an orphan is recognised after the supervisor was killed. */
  marker: string;
  stopPlan: StopPlan;
  /** How long one start may take until it answers. Too low: a slow machine never comes up; too high: a hang is told late. */
  readyTimeoutMs: number;
  /** Called before every start, also after a crash: waits for and clears what the last one left, then says what to run. */
  prepare(signal: AbortSignal): Promise<SpawnPlan>;
  /** One look: true when the program does its work. Called again until true; must not throw for "not yet". */
  isReady(probe: ReadyProbe): Promise<boolean>;
}
