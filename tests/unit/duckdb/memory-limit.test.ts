// The memory that DuckDB takes its share of: the container's where there is one, from files as Linux has them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { memoryBytes } from '../../../adapters/duckdb/memory-limit.ts';

const GIB = 2 ** 30;
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'sluice-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function files(contents: Record<string, string>): void {
  for (const [name, text] of Object.entries(contents)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), `${text}\n`);
  }
}

it('version 2: the limit of the group', () => {
  files({ 'proc/self/cgroup': '0::/app', 'sys/fs/cgroup/app/memory.max': String(2 * GIB) });
  expect(memoryBytes(root, 64 * GIB)).toBe(2 * GIB);
});

it('version 2: the least limit of all groups above', () => {
  files({
    'proc/self/cgroup': '0::/pods/pod/app',
    'sys/fs/cgroup/pods/pod/app/memory.max': 'max',
    'sys/fs/cgroup/pods/pod/memory.max': String(3 * GIB),
    'sys/fs/cgroup/pods/memory.max': String(8 * GIB),
  });
  expect(memoryBytes(root, 64 * GIB)).toBe(3 * GIB);
});

it('version 2 inside a container: its group is the root, whatever its name', () => {
  files({ 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/memory.max': String(GIB) });
  expect(memoryBytes(root, 64 * GIB)).toBe(GIB);
});

it('version 1: the memory controller, whatever stands beside it; a number beyond any memory is no limit', () => {
  files({
    'proc/self/cgroup': '12:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n1:name=systemd:/docker/1\n0::/system.slice',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
    'sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes': String(4 * GIB),
  });
  expect(memoryBytes(root, 64 * GIB)).toBe(4 * GIB);
});

it('version 1 inside a container, where the host’s name of the group is not there', () => {
  files({
    'proc/self/cgroup': '4:memory:/docker/1',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': String(4 * GIB),
  });
  expect(memoryBytes(root, 64 * GIB)).toBe(4 * GIB);
});

it('without groups, without a limit, or with one above the machine: the machine', () => {
  expect(memoryBytes(root, 64 * GIB)).toBe(64 * GIB);
  files({ 'proc/self/cgroup': '0::/app', 'sys/fs/cgroup/app/memory.max': 'max' });
  expect(memoryBytes(root, 64 * GIB)).toBe(64 * GIB);
  files({ 'sys/fs/cgroup/app/memory.max': String(128 * GIB) });
  expect(memoryBytes(root, 64 * GIB)).toBe(64 * GIB);
});
