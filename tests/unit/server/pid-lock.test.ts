// The lock against two holders: a living one is respected and waited for, a dead one taken over, whatever the file holds.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockHolder, tryPidLock, waitForPidLock } from '../../../server/embedded/pid-lock.ts';
import { identify } from '../../../server/embedded/process-identity.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  path = join(folder, 'the.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a held lock is refused and names its holder, a released one is free, and no other file stays', () => {
  const lock = tryPidLock(path);
  expect(lock).not.toBeNull();
  expect(lockHolder(path)?.pid).toBe(process.pid);
  expect(tryPidLock(path)).toBeNull();
  expect(readdirSync(folder)).toEqual(['the.lock']);
  lock?.release();
  lock?.release();
  expect(existsSync(path)).toBe(false);
  tryPidLock(path)?.release();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['a dead process', JSON.stringify({ pid: 999_999_999, startedAt: 'gone' })],
  ['a pid that another process has now', JSON.stringify({ pid: process.pid, startedAt: 'earlier' })],
  ['nothing', ''],
  ['rubbish', '{"pid":'],
])('a lock that names %s is taken over', (_name, content) => {
  writeFileSync(path, content);
  expect(lockHolder(path)).toBeNull();
  expect(tryPidLock(path)).not.toBeNull();
  expect(lockHolder(path)?.pid).toBe(process.pid);
});

test('a waiter says so once, and takes the lock when its holder dies', async () => {
  const holder = spawn('sleep', ['600'], { stdio: 'ignore' });
  writeFileSync(path, JSON.stringify(identify(holder.pid ?? 0)));
  const waits: number[] = [];
  const waiting = waitForPidLock(path, {
    timeoutMs: 20_000,
    onWait: (pid) => (waits.push(pid), holder.kill('SIGKILL')),
  });
  await expect(waiting).resolves.toBeDefined();
  expect(waits).toEqual([holder.pid]);
  expect(lockHolder(path)?.pid).toBe(process.pid);
});

test('a waiter gives up after its time and names the holder, and at once when aborted', async () => {
  const holder = tryPidLock(path);
  const failure = { code: 'lock_timeout', details: { pid: process.pid } };
  await expect(waitForPidLock(path, { timeoutMs: 1 })).rejects.toMatchObject(failure);
  const signal = AbortSignal.abort();
  await expect(waitForPidLock(path, { timeoutMs: 60_000, signal })).rejects.toMatchObject({ code: 'aborted' });
  holder?.release();
});
