// Finds and ends processes that a test run left behind, by a mark in the environment that all its children inherit.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export const MARK = 'TEST_RUN_MARK';

/** How long ended processes may take to go before they are killed, in milliseconds. Postgres needs a second or two. */
const GRACE_MS = 10_000;

function marked(mark) {
  if (process.platform !== 'linux') return [];
  const wanted = `${MARK}=${mark}`;
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) return [];
    try {
      if (!readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(wanted)) return [];
      return [
        {
          pid: Number(entry),
          command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 120),
        },
      ];
    } catch {
      return [];
    }
  });
}

function signalAll(processes, signal) {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // Ended meanwhile.
    }
  }
}

/** Ends them, politely first. Answers what they were: an empty list is how it should be. Linux only. */
export async function endLeftovers(mark) {
  const found = marked(mark);
  signalAll(found, 'SIGTERM');
  const deadline = Date.now() + GRACE_MS;
  while (marked(mark).length > 0 && Date.now() < deadline) await sleep(100);
  signalAll(marked(mark), 'SIGKILL');
  return found.map(({ command }) => command);
}
