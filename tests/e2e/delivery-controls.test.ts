// What people may do with a broadcast: approve, start twice, start again, pause twice, resume, set the rate, cancel, retry, and
// terminate its workflow. Nobody is sent to twice, nothing is lost, and every refusal says what to do.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setRateCap } from '../../pipelines/broadcast/control.ts';
import { openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { anyWorkflowId, detailsOf, failureOf, noLimit, openCase, type DeliveryCase } from '../delivery-case.ts';
import { until } from '../stack-world.ts';

let world: BroadcastWorld;
beforeAll(async () => {
  world = await openBroadcastWorld();
});
afterAll(() => world?.close());

test('two starts of one plan: the second names the first, and nothing is sent twice', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 200, perSecond: 100 });
  const first = await one.start();
  await one.midway(5);
  const second = await (await one.start({}, anyWorkflowId())).result();
  expect(second).toMatchObject({ runningIn: one.workflowId, broadcastId: one.id, attempt: 1 });
  expect(await first.result()).toMatchObject({ state: 'completed', runningIn: null });
  await one.expectExact({ accepted: 200 });
});

test('what was sent is not sent again, unless it is planned and started again on purpose', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 40, perSecond: 100 });
  await (await one.start()).result();
  const refused = await failureOf(await one.start({}, anyWorkflowId()));
  expect(refused).toMatchObject({ type: 'plan_started' });
  // Nothing of it is left that a retry would send.
  expect(refused.message).not.toContain('retry');
  expect(refused.message).toContain('plan it again');

  const replanned = await world.plan(one.channel, one.list);
  expect(replanned).toMatchObject({ digest: one.plan.digest, startedBefore: true, recognised: false });
  expect(await failureOf(await one.start({}, anyWorkflowId()))).toMatchObject({ type: 'plan_started' });
  await one.expectExact({ accepted: 40 });
  const again = await (await one.start({ again: true }, anyWorkflowId())).result();
  expect(again).toMatchObject({ state: 'completed', broadcastId: replanned.broadcastId });
  expect(new Set((await one.reached()).values())).toEqual(new Set([2]));
});

test('a plan that is too old, or unknown, is refused', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 3, perSecond: 100 });
  await world.db.query(`update broadcasts set planned_at = now() - interval '25 hours' where id = $1`, [one.id]);
  expect(await failureOf(await one.start({}, anyWorkflowId()))).toMatchObject({ type: 'plan_too_old' });
  expect(await failureOf(await one.start({ plan: '0'.repeat(64) }, anyWorkflowId()))).toMatchObject({
    type: 'plan_unknown',
  });
  expect(await (await one.start({ maxPlanAgeHours: 48 }, anyWorkflowId())).result()).toMatchObject({
    state: 'completed',
  });
});

test.each(['line', 'whatsapp'] as const)(
  '%s: pause while paused, resume, and a cap of its own that is lifted at once',
  async (kind) => {
    const one = await openCase(world, { kind, recipients: 300, perSecond: 500 });
    await setRateCap(one.id, 15, world.db);
    const started = await one.start();
    await one.midway(5);
    expect((await one.status()).limitPerSecond).toBe(kind === 'line' ? 15 * 8 : 15);
    expect(await world.update(one.workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    const before = await world.fates(one.id);
    expect(before.claimed).toBe(0);
    expect(before.planned).toBeGreaterThan(0);
    expect(await world.update(one.workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    expect((await one.status()).state).toBe('paused');
    expect(await world.fates(one.id)).toEqual(before);

    await world.update(one.workflowId, 'setRate', { perSecond: 1_000_000 });
    expect((await one.status()).limitPerSecond).toBe(kind === 'line' ? 500 * 8 : 500);
    await world.update(one.workflowId, 'setRate', { perSecond: null });
    expect((await one.status()).rateCap).toBeNull();
    expect(await world.update(one.workflowId, 'resume')).toMatchObject({ state: 'running' });
    expect(await started.result()).toMatchObject({ state: 'completed' });
    await one.expectExact({ accepted: 300 });
    // The channel's own rate is what it was, for the next broadcast as well.
    const { rows } = await world.db.query('select rates from channels where id = $1', [one.channel]);
    expect(rows[0]).toEqual({ rates: { '*': 500 } });
    await expect(setRateCap(one.id, 5, world.db)).rejects.toMatchObject({ code: 'broadcast_not_running' });
  },
);

test('a rate that is none, and a control after the end, are refused in words', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 200, perSecond: 100 });
  await setRateCap(one.id, 5, world.db);
  const started = await one.start();
  await one.midway(1);
  for (const perSecond of [-1, 0])
    await expect(world.update(one.workflowId, 'setRate', { perSecond })).rejects.toThrow();
  await world.update(one.workflowId, 'setRate', { perSecond: null });
  await started.result();
  await expect(world.update(one.workflowId, 'pause')).rejects.toThrow();
});

test.each(['line', 'whatsapp'] as const)(
  '%s: cancel, also while paused; retry sends what was cancelled',
  async (kind) => {
    const one = await openCase(world, { kind, recipients: 300, perSecond: 15 });
    const started = await one.start();
    await one.midway(5);
    if (kind === 'line') await world.update(one.workflowId, 'pause');
    expect(await world.update(one.workflowId, 'cancel')).toMatchObject({ state: 'cancelled', underWay: 0 });
    const { state, fates } = await started.result();
    expect(state).toBe('cancelled');
    expect(fates.accepted + fates.cancelled).toBe(300);
    expect(fates.cancelled).toBeGreaterThan(0);
    await one.expectExact({ accepted: fates.accepted, cancelled: fates.cancelled });
    await noLimit(world, one.channel, kind);
    expect(await one.retry('cancelled')).toMatchObject({ state: 'completed', attempt: 2 });
    await one.expectExact({ accepted: 300 });
  },
);

test.each(['completed', 'cancelled'] as const)(
  'what the Temporal UI shows of a %s broadcast is its end',
  async (state) => {
    const one = await openCase(world, { kind: 'whatsapp', recipients: 120, perSecond: 60 });
    const started = await one.start();
    if (state === 'cancelled') {
      await one.midway(5);
      await world.update(one.workflowId, 'cancel');
    }
    expect(await started.result()).toMatchObject({ state });
    const { searchAttributes } = await world.client.workflow.getHandle(one.workflowId).describe();
    expect(searchAttributes).toMatchObject({ Stage: [state], RowsDone: [120], RowsTotal: [120] });
    expect(await detailsOf(world, one.workflowId)).toMatch(
      new RegExp(`\\*\\*${state}\\*\\*.*120 of 120 recipients \\(100 %\\)`),
    );
  },
);

test('a disabled channel is held, says so, and goes on when it is enabled', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 200, perSecond: 40 });
  const started = await one.start();
  await one.midway(10);
  await world.db.query('update channels set enabled = false where id = $1', [one.channel]);
  expect(await heldAndQuiet(one)).toBe('disabled');
  const before = await world.fates(one.id);
  expect(before.planned).toBeGreaterThan(0);
  await world.db.query('update channels set enabled = true where id = $1', [one.channel]);
  await noLimit(world, one.channel, 'whatsapp');
  await world.client.workflow.getHandle(`${one.workflowId}/${one.channel}/1`).signal('wake');
  expect(await started.result()).toMatchObject({ state: 'completed' });
  await one.expectExact({ accepted: 200 });
});

/** Waits until the status names what holds the channel, and no request is under way any more. */
const heldAndQuiet = (one: DeliveryCase) =>
  until(`broadcast ${one.id} held`, 60_000, async () => {
    const { held, fates } = await one.status();
    return held !== null && fates.claimed === 0 ? held : null;
  });

test('a worker without the token is not given the work, and it is said that nobody serves the channel', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 20, perSecond: 100 });
  await world.db.query(`update channels set secret_env = 'SLUICE_SECRET_ELSEWHERE' where id = $1`, [one.channel]);
  await until('the worker to let go', 60_000, async () => {
    const { rows } = await world.db.query('select from channel_workers where channel_id = $1', [one.channel]);
    return rows.length === 0 ? true : null;
  });
  const started = await one.start();
  await until('the status to say so', 60_000, async () => {
    const { waiting } = await one.status();
    return waiting === `no worker serves ${one.channel}` ? true : null;
  });
  await until('the Temporal UI to say so', 60_000, async () =>
    (await detailsOf(world, one.workflowId)).includes(`waiting: no worker serves ${one.channel}`) ? true : null,
  );
  await world.db.query(`update channels set secret_env = 'SLUICE_SECRET_TEST' where id = $1`, [one.channel]);
  expect(await started.result()).toMatchObject({ state: 'completed' });
  await one.expectExact({ accepted: 20 });
});

test('histories stay bounded: runs hand over, in pauses too, and keep one broadcast attempt', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 300, perSecond: 60 });
  const started = await one.start({ events: 80 });
  await one.midway(5);
  const fromStart = (await world.client.workflow.getHandle(one.workflowId).describe()).runId;
  for (let round = 0; round < 10; round++) {
    await world.update(one.workflowId, 'pause');
    await world.update(one.workflowId, 'resume');
  }
  await world.update(one.workflowId, 'pause');
  const again = await (await one.start({}, anyWorkflowId())).result();
  // Another run of one's own chain is not a dead one.
  expect(again).toMatchObject({ runningIn: one.workflowId, attempt: 1 });
  await world.update(one.workflowId, 'resume');
  expect(await started.result()).toMatchObject({ state: 'completed', attempt: 1 });
  await one.expectExact({ accepted: 300 });
  for (const id of [one.workflowId, `${one.workflowId}/${one.channel}/1`]) {
    const lengths: number[] = [];
    for await (const run of world.client.workflow.list({ query: `WorkflowId = '${id}'` }))
      lengths.push(run.historyLength);
    expect(lengths.length, id).toBeGreaterThan(1);
    expect(Math.max(...lengths), id).toBeLessThan(250);
  }
  expect((await world.client.workflow.getHandle(one.workflowId).describe()).runId).not.toBe(fromStart);
});

test.each([true, false])(
  'LINE (personal %s): a terminated workflow; the same plan started again goes on from the ledger',
  async (personal) => {
    const one = await openCase(world, { kind: 'line', personal, recipients: 300, perSecond: personal ? 60 : 15 });
    await one.start();
    await one.midway(24);
    await world.client.workflow.getHandle(one.workflowId).terminate('by the test');
    const next = await one.start({}, anyWorkflowId());
    expect(await next.result()).toMatchObject({ state: 'completed', attempt: 2 });
    await one.expectExact({ accepted: 300 });
  },
);

test('a Reset of a running broadcast takes it over: the delivery of before is fenced off, and controls work', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 300, perSecond: 30 });
  await one.start();
  await one.midway(20);
  const handle = world.client.workflow.getHandle(one.workflowId);
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const first = events!.find(({ workflowTaskCompletedEventAttributes: done }) => done)!;
  await world.client.workflowService.resetWorkflowExecution({
    namespace: world.client.options.namespace,
    workflowExecution: { workflowId: one.workflowId, runId },
    workflowTaskFinishEventId: first.eventId!,
    reason: 'by the test',
    requestId: one.workflowId,
  });
  await until('the second attempt', 60_000, async () => ((await one.status()).attempt === 2 ? true : null));
  // The ledger knows of the attempt before the workflow does: until then a pause is answered by `planning`.
  const paused = await until('the pause', 60_000, async () => {
    const answer = await world.update(one.workflowId, 'pause');
    return answer.state === 'paused' ? answer : null;
  });
  expect(paused).toMatchObject({ underWay: 0 });
  const before = await world.fates(one.id);
  expect(before.planned).toBeGreaterThan(0);
  await noLimit(world, one.channel, 'whatsapp');
  // Nobody is sent to. An answer that the attempt before still had in hand may come in late, and settles an uncertain one.
  const meanwhile = await world.fates(one.id);
  expect(meanwhile).toMatchObject({ planned: before.planned, claimed: 0 });
  expect(meanwhile.uncertain).toBeLessThanOrEqual(before.uncertain);
  await world.update(one.workflowId, 'resume');
  expect(await handle.result()).toMatchObject({ state: 'completed', attempt: 2 });
  const fates = await world.fates(one.id);
  // What the attempt before had claimed and then proved unsent is rejected; a retry may send it.
  expect(fates.accepted + fates.uncertain + fates.rejected).toBe(300);
  const { rows } = await world.db.query(
    `select ordinal from broadcast_ledger where broadcast_id = $1 and fate = 'rejected' and not retryable`,
    [one.id],
  );
  expect(rows).toEqual([]);
  expect(Math.max(...(await one.reached()).values())).toBe(1);
});
