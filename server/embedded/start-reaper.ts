// Starts the reaper beside a supervisor and dismisses it after an orderly stop.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataFolder } from './data-folder.ts';

export interface Reaper {
  /** Ends the reaper without its work; answers when it is gone. Twice is harmless. */
  dismiss(): Promise<void>;
}

/**
 * Starts it. Run from the sources (tests) there is no compiled program, and none is started: what a killed supervisor leaves
 * is then ended by the next start alone. Never throws: the stack works without it.
 */
export function startReaper(folder: DataFolder): Reaper {
  const program = fileURLToPath(new URL('./reaper.js', import.meta.url));
  if (!existsSync(program)) return { dismiss: async () => undefined };
  const log = openSync(join(folder.logs, 'reaper.log'), 'a', 0o600);
  const child = spawn(process.execPath, [program, folder.root], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  const gone = once(child, 'close').catch(() => undefined);
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  return {
    async dismiss() {
      child.stdin?.end('done');
      await gone;
    },
  };
}
