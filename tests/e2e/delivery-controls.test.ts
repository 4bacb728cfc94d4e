// What people may do with a broadcast: approve, start twice, start again, pause twice, resume, set the rate, cancel, retry, and
// terminate its workflow. Nobody is sent to twice, nothing is lost, and every refusal says what to do.
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BroadcastResult } from '../../pipelines/contracts/broadcast-input.ts';
import { openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { anyWorkflowId, openCase } from '../delivery-case.ts';
import { until } from '../stack-world.ts';

let world: BroadcastWorld;
beforeAll(async () => {
  world = await openBroadcastWorld();
});
afterAll(() => world?.close());

/** What a workflow failed of, with the words of the innermost cause. */
async function failureOf(started: { result(): Promise<BroadcastResult> }): Promise<{ type: string; message: string }> {
  try {
    await started.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    let cause: unknown = error.cause;
    while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
    return { type: (cause as { type?: string }).type ?? '', message: (cause as Error).message };
  }
  throw new Error('the workflow did not fail');
}

const control = (workflowId: string, name: string, ...args: unknown[]) =>
  world.update(workflowId, name, ...args) as Promise<{ broadcastId: string; state: string; underWay: number }>;

/** On both sides: what follows need not take its time. */
async function noLimit(channel: string, kind: 'line' | 'whatsapp'): Promise<void> {
  const [endpoint, sender] = kind === 'line' ? ['multicast', 'test'] : ['messages', channel];
  await world.simulator('POST', '/__sim/rate', { provider: kind, endpoint, sender, limit: 0 });
  await world.db.query(`update channels set rates = '{"*": 0}' where id = $1`, [channel]);
}

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
  expect(refused.message).toMatch(/retry .* --scope failed/);

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
  '%s: pause while paused, resume, and a rate that changes at once',
  async (kind) => {
    const one = await openCase(world, { kind, recipients: 300, perSecond: 15 });
    const started = await one.start();
    await one.midway(5);
    expect(await control(one.workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    const before = await world.fates(one.id);
    expect(before.claimed).toBe(0);
    expect(before.planned).toBeGreaterThan(0);
    expect(await control(one.workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    expect((await one.status()).state).toBe('paused');
    expect(await world.fates(one.id)).toEqual(before);

    const endpoint = kind === 'line' ? 'multicast' : 'messages';
    const sender = kind === 'line' ? 'test' : one.channel;
    await world.simulator('POST', '/__sim/rate', { provider: kind, endpoint, sender, limit: 500 });
    await control(one.workflowId, 'setRate', { perSecond: 500 });
    expect((await one.status()).limitPerSecond).toBe(kind === 'line' ? 500 * 8 : 500);
    expect(await control(one.workflowId, 'resume')).toMatchObject({ state: 'running' });
    expect(await started.result()).toMatchObject({ state: 'completed' });
    await one.expectExact({ accepted: 300 });
  },
);

test('a rate that is none, and a control after the end, are refused in words', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 200, perSecond: 5 });
  const started = await one.start();
  await one.midway(1);
  await expect(control(one.workflowId, 'setRate', { perSecond: -1 })).rejects.toThrow();
  await control(one.workflowId, 'setRate', { perSecond: 100 });
  await started.result();
  await expect(control(one.workflowId, 'pause')).rejects.toThrow();
});

test.each(['line', 'whatsapp'] as const)(
  '%s: cancel, also while paused; retry sends what was cancelled',
  async (kind) => {
    const one = await openCase(world, { kind, recipients: 300, perSecond: 15 });
    const started = await one.start();
    await one.midway(5);
    if (kind === 'line') await control(one.workflowId, 'pause');
    expect(await control(one.workflowId, 'cancel')).toMatchObject({ state: 'cancelled', underWay: 0 });
    const { state, fates } = await started.result();
    expect(state).toBe('cancelled');
    expect(fates.accepted + fates.cancelled).toBe(300);
    expect(fates.cancelled).toBeGreaterThan(0);
    await one.expectExact({ accepted: fates.accepted, cancelled: fates.cancelled });
    await noLimit(one.channel, kind);
    expect(await one.retry('cancelled')).toMatchObject({ state: 'completed', attempt: 2 });
    await one.expectExact({ accepted: 300 });
  },
);

test('a broadcast from a list waits for approval; cancelled before it, nothing was sent', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 40, perSecond: 100 });
  const csv = await world.file('approve.csv', `LINE UID\n${one.address(0)}\n${one.address(1)}\n`);
  const message = { messages: [{ type: 'text', text: '請核准' }] };
  const list = { channel: one.channel, csv, message, settleSeconds: 0 } as never;
  for (const decision of ['cancel', 'approve'] as const) {
    const workflowId = anyWorkflowId();
    const started = await world.start({ list }, workflowId);
    await until('a plan that waits', 60_000, async () => {
      const { searchAttributes } = await world.client.workflow.getHandle(workflowId).describe();
      return JSON.stringify(searchAttributes).includes('planned') ? true : null;
    });
    expect(new Set((await one.reached()).values())).toEqual(new Set([0]));
    await control(workflowId, decision);
    const ended = await started.result();
    if (decision === 'cancel') expect(ended).toMatchObject({ state: 'cancelled', attempt: 0 });
    else expect(ended).toMatchObject({ state: 'completed', recipients: 2, fates: { accepted: 2 } });
  }
  expect((await one.reached()).get(one.address(0))).toBe(1);
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
