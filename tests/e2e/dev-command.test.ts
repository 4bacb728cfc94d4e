// `sluice dev` as a process of its own: announces itself, is found, ends on a signal or by kill -9 with nothing left.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isSameProcess } from '../../server/embedded/process-identity.ts';
import { readLeftRuntime, readRuntime } from '../../server/embedded/runtime-file.ts';
import { waitUntil } from '../../server/embedded/stop-process.ts';
import { builtCli } from '../../server/package-root.ts';

let folder: string;
let dataDir: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  if (!existsSync(builtCli())) throw new Error('dist/ is missing: run `npm run build` first');
  folder = mkdtempSync(join(tmpdir(), 'sluice-dev-'));
  chmodSync(folder, 0o711);
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGTERM');
    await waitUntil(() => child.exitCode !== null || child.signalCode !== null, 60_000);
  }
  rmSync(folder, { recursive: true, force: true });
});

interface Dev {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
}

function dev(...more: string[]): Dev {
  const args = [builtCli(), 'dev', '--no-worker', '--data-dir', dataDir, ...more];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  return { child, stdout: () => text.out, stderr: () => text.err };
}

const ended = ({ child }: Dev): boolean => child.exitCode !== null || child.signalCode !== null;

async function ready(process: Dev): Promise<void> {
  await waitUntil(() => process.stderr().includes('is ready') || ended(process), 120_000);
  expect(process.stderr()).toContain('Sluice is ready');
}

test('it prints one JSON line, says where all is, and ends on Ctrl-C with code 0 and no process', async () => {
  const process = dev('--json');
  await ready(process);
  const announced = JSON.parse(process.stdout()) as Record<string, unknown>;
  const runtime = readRuntime(dataDir);
  if (!runtime) throw new Error('no runtime file');
  expect(announced).toMatchObject({ ready: true, pid: process.child.pid, dataDir, uiUrl: runtime.uiUrl });
  expect((await fetch(runtime.uiUrl)).status).toBe(200);
  process.child.kill('SIGINT');
  expect(await waitUntil(() => ended(process), 60_000)).toBe(true);
  expect(process.child.exitCode).toBe(0);
  expect(Object.values(runtime.children).filter(isSameProcess)).toEqual([]);
  expect(Object.keys(runtime.children)).toEqual(['postgres', 'temporal', 'simulator']);
});

test('after kill -9 its servers end by themselves, or by the next start, which works', async () => {
  const first = dev();
  await ready(first);
  const children = Object.values(readLeftRuntime(dataDir)?.children ?? {});
  expect(children).toHaveLength(3);
  first.child.kill('SIGKILL');
  expect(await waitUntil(() => !children.some(isSameProcess), 60_000)).toBe(true);
  const second = dev();
  await ready(second);
  expect(readRuntime(dataDir)?.pid).toBe(second.child.pid);
});

test('a start at once after kill -9 takes over, and the one before it is refused while it lives', async () => {
  const first = dev();
  await ready(first);
  const refused = dev();
  expect(await waitUntil(() => ended(refused), 60_000)).toBe(true);
  expect(refused.child.exitCode).toBe(1);
  expect(refused.stderr()).toContain(`Process ${first.child.pid} already runs`);
  const children = Object.values(readLeftRuntime(dataDir)?.children ?? {});
  first.child.kill('SIGKILL');
  await waitUntil(() => ended(first), 10_000);
  await ready(dev());
  expect(children.filter(isSameProcess)).toEqual([]);
});

test('a signal while it still starts ends it with nothing left', async () => {
  const process = dev();
  expect(await waitUntil(() => readLeftRuntime(dataDir)?.children['postgres'] !== undefined, 60_000)).toBe(true);
  const children = Object.values(readLeftRuntime(dataDir)?.children ?? {});
  process.child.kill('SIGTERM');
  expect(await waitUntil(() => ended(process), 60_000)).toBe(true);
  expect(children.filter(isSameProcess)).toEqual([]);
  expect(readLeftRuntime(dataDir)).toBeNull();
});
