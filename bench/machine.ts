// What the figures were taken on, and how much memory a process takes. Linux only where /proc is needed.
import { readFileSync } from 'node:fs';
import os from 'node:os';

export interface Machine {
  cpus: number;
  cpu: string;
  memoryGiB: number;
  node: string;
  platform: string;
}

export function describeMachine(): Machine {
  return {
    cpus: os.cpus().length,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    platform: `${os.platform()} ${os.release()}`,
  };
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}

/** Milliseconds between two looks at memory. Too long: a short peak is missed. */
const LOOK_MS = 50;

/** Watches a process's resident memory until `peak()` is called; that gives the highest seen, in MiB. */
export function watchMemory(pid: number): { peak(): number } {
  let highest = residentMiB(pid);
  const look = () => {
    highest = Math.max(highest, residentMiB(pid));
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    peak: () => {
      clearInterval(timer);
      look();
      return highest;
    },
  };
}
