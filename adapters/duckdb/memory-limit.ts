// How much memory this machine, or the container that the process runs in, has.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';

/**
 * Bytes: the machine's memory, or the least limit of the process's control groups, of version 2 or 1, when that is lower. A group's
 * limit holds for all groups below it, so all above are asked too. `root` and `machine`: for tests.
 */
export function memoryBytes(root = '/', machine = totalmem()): number {
  const groups = read(path.join(root, 'proc/self/cgroup')) ?? '';
  let least = machine;
  for (const line of groups.split('\n')) {
    const [number, controllers = '', group] = line.split(':', 3);
    if (group === undefined) continue;
    const found =
      number === '0' && controllers === ''
        ? limits(path.join(root, 'sys/fs/cgroup'), group, 'memory.max')
        : controllers.split(',').includes('memory')
          ? limits(path.join(root, 'sys/fs/cgroup/memory'), group, 'memory.limit_in_bytes')
          : [];
    least = Math.min(least, ...found);
  }
  return least;
}

/**
 * Of a group and all above it. Inside a container the group may be named as the host sees it and be mounted as the root: then only
 * the root is there. `max`, and version 1's number beyond any memory, are no limits.
 */
function limits(mount: string, group: string, file: string): number[] {
  const found: number[] = [];
  for (let at = path.join('/', group); ; at = path.dirname(at)) {
    const bytes = Number(read(path.join(mount, at, file)) ?? 'none');
    if (Number.isFinite(bytes) && bytes > 0) found.push(bytes);
    if (at === '/') return found;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null; // No such group, no such version, or not Linux.
  }
}
