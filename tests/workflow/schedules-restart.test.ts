// Schedules when everything dies: a Temporal server of its own is killed, stays away, and comes back on the same SQLite file.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDataFolder } from '../../server/embedded/data-folder.ts';
import { freePort } from '../../server/embedded/ports.ts';
import { locateTemporal } from '../../server/embedded/temporal-binary.ts';
import { EMBEDDED_NAMESPACE, temporalService } from '../../server/embedded/temporal-server.ts';
import { listSchedules, pauseSchedule, putSchedule, readSchedule } from '../../server/schedules.ts';
import type { ScheduleView } from '../../contracts/schedules.ts';
import { until } from '../stack-world.ts';
import { HELD, scheduleRequest, SECONDLY, silent, standInBundle, standInWorker } from './schedule-world.ts';

const PATIENCE_MS = 60_000;
/** The least that the server allows. */
const CATCH_UP_SECONDS = 10;
let folder: string;
let server: ChildProcess;
let port: number;
let workflowBundle: { code: string };

/** One life of Temporal, a worker and a client. */
interface Life {
  client: Client;
  end(): Promise<void>;
}

beforeAll(async () => {
  Runtime.install({ logger: silent });
  folder = await mkdtemp(path.join(tmpdir(), 'sluice-schedules-'));
  port = await freePort();
  workflowBundle = await standInBundle();
});

afterAll(async () => {
  await killServer();
  await rm(folder, { recursive: true, force: true });
});

async function startServer(): Promise<void> {
  const config = { temporalCliPath: process.env['TEMPORAL_CLI_PATH'] ?? '' };
  const settings = { ...config, temporalDownloadTimeoutMs: 0, goInstallTimeoutMs: 0 };
  const { found } = await locateTemporal({ config: settings, env: process.env });
  // The set-up of these tests has got one before.
  const service = temporalService({
    program: found!.path,
    folder: makeDataFolder(path.join(folder, 'data')),
    port,
    uiPort: null,
  });
  const { signal } = new AbortController();
  const { file, args, env, cwd } = await service.prepare(signal);
  server = spawn(file, args, { env, cwd, stdio: 'ignore' });
  await until('Temporal', PATIENCE_MS, async () =>
    (await service.isReady({ logFile: '', logOffset: 0, signal })) ? true : null,
  );
}

async function killServer(): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
}

async function live(): Promise<Life> {
  await startServer();
  const address = `127.0.0.1:${port}`;
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const worker: Worker = await standInWorker(native, EMBEDDED_NAMESPACE, workflowBundle);
  const running = worker.run();
  return {
    client: new Client({ connection, namespace: EMBEDDED_NAMESPACE }),
    end: async () => {
      worker.shutdown();
      await running;
      await connection.close();
      await native.close();
      await killServer();
    },
  };
}

const startedAfter = (view: ScheduleView, sinceMs: number) =>
  view.recent.filter((run) => Date.parse(run.startedAt) > sinceMs);

test('after Temporal was killed and the worker is another, schedules are as they were and go on', async () => {
  const first = await live();
  const put = (id: string, own: object) =>
    putSchedule(first.client.schedule, scheduleRequest(id, { cron: SECONDLY, ...own }), { replace: false });
  await put('ticking', { catchUpSeconds: CATCH_UP_SECONDS });
  await put('held', { input: HELD });
  await put('paused', {});
  await pauseSchedule(first.client.schedule, 'paused', { paused: true, note: 'the shop moves' });
  const before = await until('runs of both', PATIENCE_MS, async () => {
    const [ticking, held] = [
      await readSchedule(first.client.schedule, 'ticking'),
      await readSchedule(first.client.schedule, 'held'),
    ];
    return ticking.actions.taken >= 2 && held.running.length === 1 ? { ticking, held } : null;
  });
  const paused = await readSchedule(first.client.schedule, 'paused');
  await first.end();
  const awaySince = Date.now();
  await new Promise((resolve) => setTimeout(resolve, (CATCH_UP_SECONDS + 4) * 1_000));
  const second = await live();
  const backAt = Date.now();
  const { schedule } = second.client;

  const ticking = await until('runs after the restart', PATIENCE_MS, async () => {
    const view = await readSchedule(schedule, 'ticking');
    return startedAfter(view, backAt).length >= 2 ? view : null;
  });
  // What was due longer ago than the catch-up window is left out, and counted.
  expect(ticking.actions.missedCatchUp).toBeGreaterThan(0);
  expect(ticking).toMatchObject({ cron: SECONDLY, input: before.ticking.input, catchUpSeconds: CATCH_UP_SECONDS });
  for (const { scheduledAt, startedAt } of startedAfter(ticking, awaySince))
    expect(Date.parse(startedAt) - Date.parse(scheduledAt)).toBeLessThan((CATCH_UP_SECONDS + 2) * 1_000);

  // What ran goes on in the new worker, and still keeps the next from starting.
  const held = await readSchedule(schedule, 'held');
  expect(held.running).toEqual(before.held.running);
  expect(held.actions.taken).toBe(1);
  const [{ workflowId }] = held.running as [{ workflowId: string }];
  await pauseSchedule(schedule, 'held', { paused: true, note: 'enough' });
  await second.client.workflow.getHandle(workflowId).signal('letGo');
  expect(await second.client.workflow.getHandle(workflowId).result()).toMatchObject({ input: { channel: 'hold' } });

  expect(await readSchedule(schedule, 'paused')).toMatchObject({
    paused: true,
    note: 'the shop moves',
    actions: { taken: paused.actions.taken },
  });
  expect((await listSchedules(schedule)).map(({ scheduleId }) => scheduleId)).toEqual(['held', 'paused', 'ticking']);
  await second.end();
});
