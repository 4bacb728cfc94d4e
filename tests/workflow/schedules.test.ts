// Schedules on a real Temporal server: made twice, on time, paused, skipped while a run goes on, backfilled.
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { ScheduleRequest } from '../../contracts/schedules.ts';
import { parseFrequencyInput } from '../../contracts/tag-frequency.ts';
import {
  backfillSchedule,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  readSchedule,
  triggerSchedule,
} from '../../server/schedules.ts';
import { until } from '../stack-world.ts';
import { HELD, scheduleRequest as request, SECONDLY, silent, standInBundle, standInWorker } from './schedule-world.ts';

// Of its own, since the queue is named by the product and other test files work on it.
const namespace = `schedules-${randomUUID()}`;
const PATIENCE_MS = 60_000;
let native: NativeConnection;
let connection: Connection;
let client: Client;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  Runtime.install({ logger: silent });
  const address = inject('temporalAddress');
  native = await NativeConnection.connect({ address });
  connection = await Connection.connect({ address });
  client = new Client({ connection, namespace });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  const workflowBundle = await standInBundle();
  worker = await until('a worker of the new namespace', PATIENCE_MS, () =>
    standInWorker(native, namespace, workflowBundle),
  );
  running = worker.run();
  await until('a schedule of the new namespace', PATIENCE_MS, async () => {
    const { schedule } = await put(request('first'));
    return schedule;
  });
});

afterAll(async () => {
  worker?.shutdown();
  await running;
  await connection.close();
  await native.close();
});

const put = (wanted: ScheduleRequest, { replace = false } = {}) => putSchedule(client.schedule, wanted, { replace });

const results = async (workflowIds: string[]): Promise<unknown[]> =>
  Promise.all(workflowIds.map((id) => client.workflow.getHandle(id).result()));

test('made twice is made once; what it is can be read back', async () => {
  const made = await put(request('twice'));
  expect(made).toMatchObject({
    outcome: 'created',
    schedule: {
      scheduleId: 'twice',
      workflow: 'tagFrequency',
      input: { windows: ['7d', '30d'], formats: ['parquet'], report: true },
      cron: '0 2 * * *',
      timeZone: 'Asia/Taipei',
      overlap: 'SKIP',
      catchUpSeconds: 3_600,
      jitterSeconds: 0,
      paused: false,
      actions: { taken: 0, skippedOverlap: 0, missedCatchUp: 0 },
    },
  });
  // Two in the morning in Taipei is 18:00 UTC, on three days that follow one another.
  expect(made.schedule.next.map((time) => time.slice(10))).toEqual(Array(3).fill('T18:00:00.000Z'));
  await pauseSchedule(client.schedule, 'twice', { paused: true, note: 'the shop moves' });
  const before = await readSchedule(client.schedule, 'twice');
  const again = await put(request('twice'));
  expect(again).toEqual({ outcome: 'unchanged', schedule: before });
  // Nor does --replace touch what is the same.
  expect(await put(request('twice'), { replace: true })).toEqual(again);
  const listed = await until('both in the list', PATIENCE_MS, async () => {
    const all = await listSchedules(client.schedule);
    return all.length >= 2 ? all : null;
  });
  expect(listed.map(({ scheduleId }) => scheduleId)).toEqual(expect.arrayContaining(['first', 'twice']));
});

test('another one of the same id is refused, naming what differs; --replace changes it, and paused stays paused', async () => {
  await put(request('moved'));
  await pauseSchedule(client.schedule, 'moved', { paused: true, note: 'the shop moves' });
  const other = request('moved', {
    cron: '30 3 * * MON',
    timeZone: 'Asia/Hong_Kong',
    catchUpSeconds: 600,
    jitterSeconds: 60,
    input: parseFrequencyInput({ windows: ['7d'] }),
  });
  const before = await readSchedule(client.schedule, 'moved');
  await expect(put(other)).rejects.toMatchObject({
    code: 'schedule_differs',
    message:
      'The schedule "moved" is there and differs: cron is "0 2 * * *", not "30 3 * * MON"; ' +
      'time zone is "Asia/Taipei", not "Asia/Hong_Kong"; catch-up in seconds is 3600, not 600; ' +
      'jitter in seconds is 0, not 60; windows is ["7d","30d"], not ["7d"].',
    hint: expect.stringContaining('--replace') as string,
  });
  expect(await readSchedule(client.schedule, 'moved')).toEqual(before);
  expect(await put(other, { replace: true })).toMatchObject({
    outcome: 'replaced',
    schedule: {
      cron: '30 3 * * MON',
      timeZone: 'Asia/Hong_Kong',
      catchUpSeconds: 600,
      jitterSeconds: 60,
      input: { windows: ['7d'] },
      paused: true,
      note: 'the shop moves',
    },
  });
  expect(await put(other)).toMatchObject({ outcome: 'unchanged' });
});

test('an id that another kind has is refused, and so is a zone that the server does not know', async () => {
  const other = request('first', { kind: 'expire-tags', input: {} });
  for (const replace of [false, true])
    await expect(put(other, { replace })).rejects.toMatchObject({ code: 'schedule_exists' });
  await expect(put(request('nowhere', { timeZone: 'Mars/Base' }))).rejects.toMatchObject({
    code: 'schedule_invalid',
    message: expect.stringContaining('Mars/Base') as string,
  });
  await expect(put(request('first', { timeZone: 'Mars/Base' }), { replace: true })).rejects.toMatchObject({
    code: 'schedule_invalid',
  });
});

test('it runs by itself, on time, with its nominal time', async () => {
  await put(request('secondly', { cron: SECONDLY }));
  const { recent } = await until('three runs', PATIENCE_MS, async () => {
    const view = await readSchedule(client.schedule, 'secondly');
    return view.recent.length >= 3 ? view : null;
  });
  await deleteSchedule(client.schedule, 'secondly');
  const found = (await results(recent.map(({ workflowId }) => workflowId))) as { nominal: string }[];
  for (const [index, { scheduledAt, startedAt }] of recent.entries()) {
    expect(found[index]!.nominal).toBe(scheduledAt);
    expect(scheduledAt).toMatch(/:\d\d\.000Z$/);
    const lateMs = Date.parse(startedAt) - Date.parse(scheduledAt);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    // Seconds only where the machine stands still.
    expect(lateMs).toBeLessThan(5_000);
  }
  expect(new Set(recent.map(({ scheduledAt }) => scheduledAt)).size).toBe(recent.length);
});

test('what comes due by itself while a run goes on is left out, and counted', async () => {
  await put(request('long', { cron: SECONDLY, input: HELD }));
  const view = await until('two left out', PATIENCE_MS, async () => {
    const now = await readSchedule(client.schedule, 'long');
    return now.actions.skippedOverlap >= 2 ? now : null;
  });
  expect(view.actions).toMatchObject({ taken: 1, missedCatchUp: 0 });
  expect(view.running).toHaveLength(1);
  await deleteSchedule(client.schedule, 'long');
  // What it started goes on.
  const [{ workflowId }] = view.running as [{ workflowId: string }];
  await client.workflow.getHandle(workflowId).signal('letGo');
  expect(await results([workflowId])).toMatchObject([{ input: { channel: 'hold' } }]);
});

test('paused starts nothing, resumed starts again; the note says why', async () => {
  await put(request('pausing', { cron: SECONDLY }));
  const taken = async (): Promise<number> => (await readSchedule(client.schedule, 'pausing')).actions.taken;
  const atLeast = (least: number) =>
    until(`${least} runs`, PATIENCE_MS, async () => ((await taken()) >= least ? true : null));
  await atLeast(1);
  const paused = await pauseSchedule(client.schedule, 'pausing', { paused: true, note: 'holiday' });
  expect(paused).toMatchObject({ paused: true, note: 'holiday' });
  // One may have been on its way.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const before = await taken();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(await taken()).toBe(before);
  const resumed = await pauseSchedule(client.schedule, 'pausing', { paused: false, note: 'back' });
  expect(resumed).toMatchObject({ paused: false, note: 'back' });
  await atLeast(before + 1);
  await deleteSchedule(client.schedule, 'pausing');
});

test('a trigger while a run goes on is skipped, and says so', async () => {
  await put(request('busy', { input: HELD }));
  const first = await triggerSchedule(client.schedule, 'busy');
  expect(first).toMatchObject({
    outcome: 'started',
    workflowId: expect.stringMatching(/^tag-frequency\/busy-/) as string,
  });
  expect(await triggerSchedule(client.schedule, 'busy')).toEqual({ outcome: 'skipped', workflowId: first.workflowId });
  const { actions, running: going } = await readSchedule(client.schedule, 'busy');
  expect(actions).toMatchObject({ taken: 1, skippedOverlap: 1 });
  expect(going).toEqual([{ workflowId: first.workflowId }]);
  await client.workflow.getHandle(first.workflowId!).signal('letGo');
  const [result] = await results([first.workflowId!]);
  expect(result).toMatchObject({ input: { channel: 'hold' } });
});

test('a backfill runs each of three past days, one after the other, with its nominal time', async () => {
  await put(request('past', { input: HELD, jitterSeconds: 300 }));
  const nominal = ['2024-02-29T18:00:00.000Z', '2024-03-01T18:00:00.000Z', '2024-03-02T18:00:00.000Z'];
  // Both ends lie on a nominal time: the first counts, the last does not.
  const span = { fromMs: Date.parse(nominal[0]!), toMs: Date.parse('2024-03-03T18:00:00Z') };
  const times = await backfillSchedule(client, 'past', span);
  expect(times).toHaveLength(3);
  const found: unknown[] = [];
  for (const turn of [1, 2, 3]) {
    const { running: going, actions } = await until(`run ${turn}`, PATIENCE_MS, async () => {
      const view = await readSchedule(client.schedule, 'past');
      return view.actions.taken === turn && view.running.length === 1 ? view : null;
    });
    // Were they started side by side, more than this would have been taken while this one is held.
    expect(actions).toMatchObject({ taken: turn, skippedOverlap: 0 });
    const [{ workflowId }] = going as [{ workflowId: string }];
    await client.workflow.getHandle(workflowId).signal('letGo');
    found.push(...(await results([workflowId])));
  }
  expect(found.map((result) => (result as { nominal: string }).nominal)).toEqual(nominal);
});

test('a span without a run is refused, and so is one of too many', async () => {
  await put(request('first'));
  const day = { fromMs: Date.parse('2024-03-01T00:00:00Z'), toMs: Date.parse('2024-03-01T18:00:00Z') };
  await expect(backfillSchedule(client, 'first', day)).rejects.toMatchObject({ code: 'backfill_empty' });
  const years = { fromMs: Date.parse('2020-01-01T00:00:00Z'), toMs: Date.parse('2024-01-01T00:00:00Z') };
  await expect(backfillSchedule(client, 'first', years)).rejects.toMatchObject({ code: 'backfill_too_long' });
});

test('a schedule that is not there is named together with those that are', async () => {
  const unknown = { code: 'schedule_unknown', hint: expect.stringContaining('first') as string };
  await until('the list to have it', PATIENCE_MS, async () =>
    (await listSchedules(client.schedule)).some(({ scheduleId }) => scheduleId === 'first') ? true : null,
  );
  await expect(readSchedule(client.schedule, 'nothing')).rejects.toMatchObject(unknown);
  await expect(triggerSchedule(client.schedule, 'nothing')).rejects.toMatchObject(unknown);
  await expect(deleteSchedule(client.schedule, 'nothing')).rejects.toMatchObject(unknown);
  await expect(backfillSchedule(client, 'nothing', { fromMs: 0, toMs: 1 })).rejects.toMatchObject(unknown);
});

test('deleted is gone, and can be made again', async () => {
  await put(request('short', { kind: 'expire-tags', cron: '5 0 * * *', input: {} }));
  const run = await triggerSchedule(client.schedule, 'short');
  expect(await results([run.workflowId!])).toEqual([{}]);
  await deleteSchedule(client.schedule, 'short');
  await expect(readSchedule(client.schedule, 'short')).rejects.toMatchObject({ code: 'schedule_unknown' });
  const again = await until('the id to be free', PATIENCE_MS, () => put(request('short')));
  expect(again.outcome).toBe('created');
});
