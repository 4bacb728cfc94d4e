// A lock file that names its holder by pid and start time, so that a dead holder's lock can be taken over.
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { identify, isSameProcess, type ProcessIdentity } from './process-identity.ts';

export interface PidLock {
  /** Gives the lock back. Twice is harmless; a lock that someone else took meanwhile stays theirs. */
  release(): void;
}

/** How often a waiter looks again. Higher delays the waiter; lower only costs file reads. */
const RETRY_MS = 250;

/** Who holds the lock now: a living process, or null when it is free, stale or unreadable. */
export function lockHolder(path: string): ProcessIdentity | null {
  const holder = readLock(path);
  return holder && isSameProcess(holder) ? holder : null;
}

function readLock(path: string): ProcessIdentity | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<ProcessIdentity> | null;
    if (typeof value?.pid !== 'number' || typeof value.startedAt !== 'string') return null;
    return { pid: value.pid, startedAt: value.startedAt };
  } catch {
    return null;
  }
}

/** Takes the lock if it is free or its holder is dead. Null means a living process holds it. */
export function tryPidLock(path: string): PidLock | null {
  const me = identify(process.pid);
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  try {
    for (let round = 0; round < 3; round++) {
      try {
        // A link appears with its whole content or not at all: no reader ever sees a half-written lock.
        linkSync(mine, path);
        return { release: () => releaseLock(path) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      if (lockHolder(path)) return null;
      removeStale(path);
    }
    return null;
  } finally {
    unlinkSync(mine);
  }
}

// Moved aside before it is removed, and looked at again: of two processes that both saw a dead holder, the slower one
// would otherwise delete the quicker one's new lock.
function removeStale(path: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (lockHolder(aside)) {
    try {
      linkSync(aside, path);
    } catch {
      // Taken again meanwhile: the next round sees its holder.
    }
  }
  unlinkSync(aside);
}

function releaseLock(path: string): void {
  if (readLock(path)?.pid !== process.pid) return;
  try {
    unlinkSync(path);
  } catch {
    // Gone with its folder.
  }
}

export interface WaitForLockOptions {
  /** Called once, with the holder's pid, when there is a wait at all. */
  onWait?: (pid: number) => void;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Takes the lock, waiting for a living holder. A stale lock is taken over at once.
 * Throws PipelineError `lock_timeout` after `timeoutMs`, `aborted` when the signal fires.
 */
export async function waitForPidLock(path: string, options: WaitForLockOptions): Promise<PidLock> {
  const deadline = Date.now() + options.timeoutMs;
  let told = false;
  for (;;) {
    const lock = tryPidLock(path);
    if (lock) return lock;
    const pid = lockHolder(path)?.pid ?? 0;
    if (!told) options.onWait?.(pid);
    told = true;
    if (options.signal?.aborted) throw new PipelineError('aborted', `Stopped waiting for ${path}.`);
    if (Date.now() >= deadline) {
      throw new PipelineError('lock_timeout', `Process ${pid} has held ${path} for too long.`, {
        retry: 'later',
        hint: `See what process ${pid} does; end it if it hangs, then start again.`,
        details: { pid },
      });
    }
    await sleep(RETRY_MS);
  }
}
