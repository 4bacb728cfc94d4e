// Ends one known process, politely first. Never acts on a pid whose start time differs from the one remembered.
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess, type ProcessIdentity } from './process-identity.ts';

/** Signals to send in turn, each with the time to wait for the end before the next. */
export type StopPlan = readonly { signal: NodeJS.Signals; waitMs: number }[];

/** For programs without needs of their own. */
export const PLAIN_STOP: StopPlan = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** Postgres: SIGINT ends sessions and writes a checkpoint, SIGQUIT leaves recovery to the next start. */
export const POSTGRES_STOP: StopPlan = [
  { signal: 'SIGINT', waitMs: 30_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** A worker hands its activities back, which takes as long as its grace and force times. */
export const WORKER_STOP: StopPlan = [
  { signal: 'SIGTERM', waitMs: 40_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** How often a condition of another process is looked at. Higher makes stops and starts feel slow; lower burns CPU. */
export const POLL_MS = 25;

/**
 * Ends the process and answers when it is gone: true, or false when even the last signal did not help.
 * A process that is gone already, or whose pid now belongs to another, is left alone and counts as ended.
 */
export async function stopProcess(identity: ProcessIdentity, plan: StopPlan = PLAIN_STOP): Promise<boolean> {
  for (const { signal, waitMs } of plan) {
    if (!isSameProcess(identity)) return true;
    try {
      process.kill(identity.pid, signal);
    } catch {
      return !isSameProcess(identity);
    }
    if (await waitUntil(() => !isSameProcess(identity), waitMs)) return true;
  }
  return !isSameProcess(identity);
}

/** Looks at a condition until it holds (true), the time is over (false) or the signal aborts (false). */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline || signal?.aborted) return false;
    await sleep(POLL_MS);
  }
}
