// The runtime file: only a living supervisor counts, and a pid alone proves nothing.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify, isSameProcess, startOf } from '../../../server/embedded/process-identity.ts';
import {
  findOrphans,
  readLeftRuntime,
  readRuntime,
  removeRuntime,
  writeRuntime,
} from '../../../server/embedded/runtime-file.ts';
import { stopProcess, waitUntil } from '../../../server/embedded/stop-process.ts';
import type { Runtime } from '../../../server/embedded/runtime-file.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-runtime-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const me = (): { pid: number; startedAt: string } => identify(process.pid) ?? { pid: 0, startedAt: '' };
const gone = { pid: 999_999_999, startedAt: 'gone' };

function runtime(more: Partial<Runtime> = {}): Runtime {
  const addresses = { databaseUrl: 'postgres://x', temporalAddress: '127.0.0.1:1', uiUrl: '', namespace: 'default' };
  return { ...me(), ready: true, ...addresses, children: {}, ...more };
}

test('what is written is read back, and only the owner may read the file', () => {
  const written = runtime({ children: { postgres: { ...me(), marker: 'node' } } });
  writeRuntime(folder, written);
  expect(readRuntime(folder)).toEqual(written);
  expect(statSync(join(folder, 'runtime.json')).mode & 0o777).toBe(0o600);
  removeRuntime(folder);
  removeRuntime(folder);
  expect(readRuntime(folder)).toBeNull();
});

test('a dead supervisor, or another process with its pid, is no running stack', () => {
  writeRuntime(folder, runtime(gone));
  expect(readRuntime(folder)).toBeNull();
  writeRuntime(folder, runtime({ startedAt: `${me().startedAt}0` }));
  expect(readRuntime(folder)).toBeNull();
  expect(readLeftRuntime(folder)?.pid).toBe(process.pid);
});

test.each(['', '{', '[]', '{"pid":"1"}', '{"pid":1}', 'null'])('the content %j reads as nothing', (text) => {
  writeFileSync(join(folder, 'runtime.json'), text);
  expect(readRuntime(folder)).toBeNull();
  expect(findOrphans(folder)).toEqual([]);
});

test('orphans are proven by start time and command line, in their order; a living supervisor has none', () => {
  const child = (marker: string): Runtime['children'][string] => ({ ...me(), marker });
  const marker = readFileSync(`/proc/${process.pid}/cmdline`, 'utf8').split('\0')[0] as string;
  const children = {
    postgres: child(marker),
    stranger: child('another program'),
    reused: { ...child(marker), startedAt: 'earlier' },
    worker: child(marker),
  };
  writeRuntime(folder, runtime({ ...gone, children }));
  expect(findOrphans(folder).map(({ name }) => name)).toEqual(['postgres', 'worker']);
  writeRuntime(folder, runtime({ children }));
  expect(findOrphans(folder)).toEqual([]);
});

test('a process that ended is not the same one, even before its parent collects it', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const identity = identify(child.pid ?? 0);
  if (!identity) throw new Error('no child');
  expect(isSameProcess(identity)).toBe(true);
  expect(await stopProcess(identity)).toBe(true);
  expect(startOf(identity.pid)).toBeNull();
});

test('a process that ignores the polite signal is killed', async () => {
  const script = `process.on('SIGTERM', () => undefined); console.log('up'); setInterval(() => undefined, 1000)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  expect(await waitUntil(() => output.includes('up'), 10_000)).toBe(true);
  const identity = identify(child.pid ?? 0);
  if (!identity) throw new Error('no child');
  const plan = [
    { signal: 'SIGTERM', waitMs: 200 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ] as const;
  expect(await stopProcess(identity, plan)).toBe(true);
  expect(child.signalCode ?? 'SIGKILL').toBe('SIGKILL');
});
