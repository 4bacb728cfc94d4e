// The embedded stack against kill -9: servers come back with their data, one supervisor a folder, nothing left behind.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { loadConfig, type Config } from '../../server/config.ts';
import { startStack, type Stack, type StackOptions } from '../../server/embedded/embedded-stack.ts';
import { identify, isSameProcess, type ProcessIdentity } from '../../server/embedded/process-identity.ts';
import { readRuntime, writeRuntime, readLeftRuntime } from '../../server/embedded/runtime-file.ts';
import { waitUntil } from '../../server/embedded/stop-process.ts';

const folders: string[] = [];
const stacks: Stack[] = [];
const helpers: ChildProcess[] = [];

function configFor(dataDir: string): Config {
  const { PATH, HOME, TEMPORAL_CLI_PATH } = process.env;
  return loadConfig({ env: { PATH, HOME, TEMPORAL_CLI_PATH }, overrides: { dataDir } });
}

function temporaryFolder(mode = 0o711): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-stack-'));
  chmodSync(folder, mode);
  folders.push(folder);
  return folder;
}

async function start(dataDir: string, more: Partial<StackOptions> = {}): Promise<Stack> {
  const said: string[] = [];
  const options = {
    worker: false,
    ui: false,
    migrate: async () => undefined,
    say: (text: string) => void said.push(text),
  };
  const stack = await startStack({ config: configFor(dataDir), ...options, ...more });
  stacks.push(stack);
  return stack;
}

async function query(databaseUrl: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function identityOf(stack: Stack, name: string): ProcessIdentity {
  const identity = identify(stack.pidOf(name) ?? 0);
  if (!identity) throw new Error(`${name} does not run`);
  return identity;
}

/** Kills and waits until another process answers under the name. */
async function killAndWait(stack: Stack, name: string): Promise<ProcessIdentity> {
  const before = identityOf(stack, name);
  stack.kill(name, 'SIGKILL');
  expect(await waitUntil(() => !isSameProcess(before), 10_000)).toBe(true);
  expect(await waitUntil(() => (stack.pidOf(name) ?? before.pid) !== before.pid, 30_000)).toBe(true);
  await stack.waitReady(name, 60_000);
  return before;
}

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.stop();
  for (const helper of helpers.splice(0)) helper.kill('SIGKILL');
  for (const folder of folders.splice(0)) {
    const cluster = join(folder, 'data', 'postgres');
    const outside = lstatSync(cluster, { throwIfNoEntry: false })?.isSymbolicLink()
      ? dirname(realpathSync(cluster))
      : null;
    if (outside) rmSync(outside, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
});

test('postgres killed under load comes back by itself with every committed row', async () => {
  const stack = await start(join(temporaryFolder(), 'data'));
  await query(stack.databaseUrl, 'CREATE TABLE kept (n int); INSERT INTO kept SELECT generate_series(1, 1000)');
  // A backend that computes does not notice the death of its server for a while and holds the shared memory.
  const busy = query(stack.databaseUrl, 'SELECT count(*) FROM generate_series(1, 1000000000)').catch(() => 'cut off');
  await waitUntil(
    async () =>
      (await query(stack.databaseUrl, `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%1000000000)'`)).length > 0,
    10_000,
  );
  await killAndWait(stack, 'postgres');
  expect(await busy).toBe('cut off');
  expect(await query(stack.databaseUrl, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 1000 }]);
  await killAndWait(stack, 'postgres');
  expect(await query(stack.databaseUrl, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 1000 }]);
});

test('temporal killed comes back on its port with namespace data and search attributes', async () => {
  const stack = await start(join(temporaryFolder(), 'data'));
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const request = { namespace: stack.namespace };
    await connection.workflowService.startWorkflowExecution({
      ...request,
      workflowId: 'kept',
      requestId: 'kept',
      workflowType: { name: 'anything' },
      taskQueue: { name: 'nobody' },
    });
    await killAndWait(stack, 'temporal');
    const { workflowExecutionInfo } = await connection.workflowService.describeWorkflowExecution({
      ...request,
      execution: { workflowId: 'kept' },
    });
    expect(workflowExecutionInfo?.type?.name).toBe('anything');
    const { customAttributes } = await connection.operatorService.listSearchAttributes(request);
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(['BroadcastId', 'ImportId', 'Channel', 'Stage', 'RowsDone', 'RowsTotal']),
    );
  } finally {
    await connection.close();
  }
});

test('stop ends every process, and a start after it finds the data, the ports and the password', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const stack = await start(dataDir);
  await query(stack.databaseUrl, 'CREATE TABLE kept (n int)');
  const children = ['postgres', 'temporal'].map((name) => identityOf(stack, name));
  expect(readRuntime(dataDir)).toMatchObject({ pid: process.pid, ready: true, databaseUrl: stack.databaseUrl });
  await stack.stop();
  expect(children.filter(isSameProcess)).toEqual([]);
  expect(readRuntime(dataDir)).toBeNull();

  const again = await start(dataDir);
  expect([again.databaseUrl, again.temporalAddress]).toEqual([stack.databaseUrl, stack.temporalAddress]);
  expect(await query(again.databaseUrl, 'SELECT * FROM kept')).toEqual([]);
});

test('a second start on the same folder is refused with the pid of the first', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const stack = await start(dataDir);
  await expect(start(dataDir)).rejects.toMatchObject({ code: 'stack_running', details: { pid: process.pid } });
  expect(await query(stack.databaseUrl, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  expect(readRuntime(dataDir)?.ready).toBe(true);
});

test('what a killed supervisor left running is stopped by the next start, strangers are not', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const worker = fakeWorker(dirname(dataDir));
  const stack = await start(dataDir, { worker: 1, workerCommand: worker });
  const first = readLeftRuntime(dataDir);
  if (!first) throw new Error('no runtime file');
  // The state after kill -9 of a supervisor: children alive, file and lock naming a process that is gone.
  const dead = { pid: 999_999_999, startedAt: 'gone' };
  const stranger = spawn('sleep', ['600']);
  helpers.push(stranger);
  const strangerIdentity = identify(stranger.pid ?? 0);
  if (!strangerIdentity) throw new Error('no stranger');
  await stack.stop();
  const orphan = spawn(worker[0] as string, worker.slice(1), { detached: true, stdio: 'ignore' });
  helpers.push(orphan);
  const orphanIdentity = identify(orphan.pid ?? 0);
  if (!orphanIdentity) throw new Error('no orphan');
  const marker = worker.at(-1) as string;
  await waitUntil(() => readFileSync(`/proc/${orphan.pid}/cmdline`, 'utf8').includes(marker), 5_000);
  const children = { worker: { ...orphanIdentity, marker }, temporal: { ...strangerIdentity, marker: 'temporal.db' } };
  writeRuntime(dataDir, { ...first, ...dead, children });
  writeFileSync(join(dataDir, 'supervisor.lock'), JSON.stringify(dead));
  expect(readRuntime(dataDir)).toBeNull();

  await start(dataDir);
  expect(isSameProcess(orphanIdentity)).toBe(false);
  expect(isSameProcess(strangerIdentity)).toBe(true);
});

test('a worker that is killed is started again and the runtime file names the new pid', async () => {
  const folder = temporaryFolder();
  const dataDir = join(folder, 'data');
  const stack = await start(dataDir, { worker: 2, workerCommand: fakeWorker(folder) });
  const before = await killAndWait(stack, 'worker-2');
  const pid = stack.pidOf('worker-2');
  expect(pid).not.toBe(before.pid);
  expect(readRuntime(dataDir)?.children['worker-2']?.pid).toBe(pid);
});

test('a worker that cannot start fails the start with its last words, and nothing stays', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const command = [process.execPath, '-e', 'console.error("no such queue"); process.exit(3)'];
  const start1 = start(dataDir, { worker: 1, workerCommand: command });
  await expect(start1).rejects.toMatchObject({
    code: 'child_died',
    message: expect.stringContaining('no such queue') as string,
  });
  expect(readRuntime(dataDir)).toBeNull();
  expect(readLeftRuntime(dataDir)).toBeNull();
});

test('a folder that the postgres user cannot enter works, and so does starting anew after it was removed', async () => {
  const dataDir = join(temporaryFolder(0o700), 'data');
  const stack = await start(dataDir);
  await query(stack.databaseUrl, 'CREATE TABLE old (n int)');
  await stack.stop();
  if (process.getuid?.() === 0) expect(lstatSync(join(dataDir, 'postgres')).isSymbolicLink()).toBe(true);
  rmSync(dataDir, { recursive: true });

  const anew = await start(dataDir);
  expect(await query(anew.databaseUrl, `SELECT to_regclass('old') AS t`)).toEqual([{ t: null }]);
});

test('the log of postgres holds no value of a failed statement', async () => {
  const dataDir = join(temporaryFolder(), 'data');
  const stack = await start(dataDir);
  await query(
    stack.databaseUrl,
    `CREATE TABLE people (email text PRIMARY KEY); INSERT INTO people VALUES ('a@secret.example')`,
  );
  await expect(query(stack.databaseUrl, `INSERT INTO people VALUES ('a@secret.example')`)).rejects.toThrow(
    'duplicate key',
  );
  await expect(query(stack.databaseUrl, `SELECT 'a@secret.example'::int`)).rejects.toThrow('invalid input');
  await stack.stop();
  const log = readFileSync(join(dataDir, 'logs', 'postgres.log'), 'utf8');
  expect(log).toContain('ready to accept connections');
  expect(log).not.toContain('secret.example');
});

/** A program that says it is ready like a worker does and then waits. */
function fakeWorker(folder: string): string[] {
  const file = join(folder, 'fake-worker.js');
  if (!existsSync(file)) writeFileSync(file, `console.log('{"ready":true}'); setInterval(() => undefined, 60_000);`);
  return [process.execPath, file];
}
