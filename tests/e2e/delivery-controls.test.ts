// What people may do with a broadcast: approve, start twice, start again, pause twice, resume, set the rate, cancel, retry, and
// terminate its workflow. Nobody is sent to twice, nothing is lost, and every refusal says what to do.
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setRateCap } from '../../pipelines/broadcast/control.ts';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import { RETRY_SCOPES } from '../../pipelines/contracts/broadcast.ts';
import type { BroadcastResult } from '../../pipelines/contracts/broadcast-input.ts';
import { openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { anyWorkflowId, openCase, type DeliveryCase } from '../delivery-case.ts';
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
  '%s: pause while paused, resume, and a cap of its own that is lifted at once',
  async (kind) => {
    const one = await openCase(world, { kind, recipients: 300, perSecond: 500 });
    await setRateCap(one.id, 15, world.db);
    const started = await one.start();
    await one.midway(5);
    expect((await one.status()).limitPerSecond).toBe(kind === 'line' ? 15 * 8 : 15);
    expect(await control(one.workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    const before = await world.fates(one.id);
    expect(before.claimed).toBe(0);
    expect(before.planned).toBeGreaterThan(0);
    expect(await control(one.workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    expect((await one.status()).state).toBe('paused');
    expect(await world.fates(one.id)).toEqual(before);

    await control(one.workflowId, 'setRate', { perSecond: 1_000_000 });
    expect((await one.status()).limitPerSecond).toBe(kind === 'line' ? 500 * 8 : 500);
    await control(one.workflowId, 'setRate', { perSecond: null });
    expect((await one.status()).rateCap).toBeNull();
    expect(await control(one.workflowId, 'resume')).toMatchObject({ state: 'running' });
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
  for (const perSecond of [-1, 0]) await expect(control(one.workflowId, 'setRate', { perSecond })).rejects.toThrow();
  await control(one.workflowId, 'setRate', { perSecond: null });
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

/** The list that a case was planned from, as somebody types it into the Temporal UI. */
async function listOf(one: DeliveryCase, recipients: number, kind: 'line' | 'whatsapp', text: string): Promise<never> {
  const addresses = Array.from({ length: recipients }, (_, n) => `${one.address(n)},客${n}`);
  const csv = await world.file(
    `${one.id}-list.csv`,
    `${kind === 'line' ? 'LINE UID' : '手機'},name\n${addresses.join('\n')}\n`,
  );
  const message =
    kind === 'line'
      ? { messages: [{ type: 'text', text }] }
      : { type: 'template', template: { name: text, language: { code: 'zh_TW' } } };
  return { channel: one.channel, csv, message, settleSeconds: 0 } as never;
}

const newestOf = async (channel: string): Promise<string> => {
  const { rows } = await world.db.query<{ id: string }>(
    'select id from broadcasts where channel_id = $1 and digest is not null order by id desc limit 1',
    [channel],
  );
  return rows[0]!.id;
};

const detailsOf = async (workflowId: string): Promise<string> => {
  const metadata = await world.client.workflow
    .getHandle(workflowId)
    .query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails;
};

test('a broadcast from a list waits for approval and shows the plan; cancelled before it, nothing was sent', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 40, perSecond: 100 });
  const list = await listOf(one, 2, 'line', '請核准 {{name}}');
  for (const decision of ['cancel', 'approve'] as const) {
    const workflowId = anyWorkflowId();
    const started = await world.start({ list }, workflowId);
    await until('a plan that waits', 60_000, async () => {
      const { searchAttributes } = await world.client.workflow.getHandle(workflowId).describe();
      return JSON.stringify(searchAttributes).includes('planned') ? true : null;
    });
    const details = await until('the plan in words', 60_000, async () => {
      const text = await detailsOf(workflowId);
      return text.includes('approve') ? text : null;
    });
    expect(details).toMatch(new RegExp(`Broadcast ${await newestOf(one.channel)} waits`));
    expect(details).toMatch(/2 recipients to send to, 2 requests, about 1 s/);
    // What a person's name is stays out of Temporal; that there is one can be seen.
    expect(details).toContain('請核准 \u2592\u2592');
    expect(details).not.toMatch(/客|U0000/);
    expect(new Set((await one.reached()).values())).toEqual(new Set([0]));
    await control(workflowId, decision);
    const ended = await started.result();
    if (decision === 'cancel') expect(ended).toMatchObject({ state: 'cancelled', attempt: 0 });
    else expect(ended).toMatchObject({ state: 'completed', attempt: 1, recipients: 2, fates: { accepted: 2 } });
  }
  expect((await one.reached()).get(one.address(0))).toBe(1);
});

test.each(['line', 'whatsapp'] as const)(
  '%s: started by its list, a broadcast is paused, cancelled, retried, and not sent a second time',
  async (kind) => {
    const one = await openCase(world, { kind, recipients: 300, perSecond: 15 });
    const list = await listOf(one, 300, kind, kind === 'line' ? '您好 {{name}}' : 'by_list');
    const workflowId = anyWorkflowId();
    const started = await world.start({ list, waitForApproval: false }, workflowId);
    const id = await until('the plan', 60_000, async () => {
      const newest = await newestOf(one.channel);
      return newest === one.id ? null : newest;
    });
    const fates = () => world.fates(id);
    await until('some accepted', 60_000, async () => ((await fates()).accepted >= 5 ? true : null));
    const status = async () => readStatus(world.db, id);
    expect(await status()).toMatchObject({ state: 'running', attempt: 1 });
    expect(await control(workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    const paused = await fates();
    expect(paused.planned).toBeGreaterThan(0);
    expect((await status()).state).toBe('paused');
    expect(await control(workflowId, 'cancel')).toMatchObject({ state: 'cancelled', underWay: 0 });
    const ended = await started.result();
    expect(ended).toMatchObject({ state: 'cancelled', attempt: 1 });
    expect(ended.fates.accepted).toBe(paused.accepted);
    expect(ended.fates.cancelled).toBe(300 - paused.accepted);

    const repeat = await world.start({ list, waitForApproval: false }, anyWorkflowId());
    expect(await failureOf(repeat)).toMatchObject({ type: 'plan_started' });
    await noLimit(one.channel, kind);
    const retried = await world.start({ retry: { broadcastId: id, scope: 'cancelled' } }, anyWorkflowId());
    expect(await retried.result()).toMatchObject({ state: 'completed', attempt: 2 });
    expect(await fates()).toMatchObject({ accepted: 300 });
    expect(new Set((await one.reached()).values())).toEqual(new Set([1]));
    expect(await failureOf(await world.start({ list, waitForApproval: false }, anyWorkflowId()))).toMatchObject({
      type: 'plan_started',
    });
    expect(new Set((await one.reached()).values())).toEqual(new Set([1]));
  },
);

test('started by the id of its plan; with nothing to retry, nothing changes and it is said', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 20, perSecond: 100 });
  const ended = await (await world.start({ plan: one.id }, anyWorkflowId())).result();
  expect(ended).toMatchObject({ state: 'completed', broadcastId: one.id, attempt: 1 });
  const before = await one.status();
  for (const scope of RETRY_SCOPES)
    expect(
      await failureOf(await world.start({ retry: { broadcastId: one.id, scope } }, anyWorkflowId())),
    ).toMatchObject({
      type: 'nothing_to_retry',
    });
  expect(await one.status()).toEqual(before);
});

test('a second retry with another scope is refused by name, not taken for the first', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 300, perSecond: 40 });
  const first = await one.start();
  await one.midway(5);
  const other = await world.start({ retry: { broadcastId: one.id, scope: 'failed' } }, anyWorkflowId());
  const refused = await failureOf(other);
  expect(refused).toMatchObject({ type: 'retry_running' });
  expect(refused.message).toContain(one.workflowId);
  await noLimit(one.channel, 'whatsapp');
  expect(await first.result()).toMatchObject({ state: 'completed' });
});

test.each(['completed', 'cancelled'] as const)(
  'what the Temporal UI shows of a %s broadcast is its end',
  async (state) => {
    const one = await openCase(world, { kind: 'whatsapp', recipients: 120, perSecond: 60 });
    const started = await one.start();
    if (state === 'cancelled') {
      await one.midway(5);
      await control(one.workflowId, 'cancel');
    }
    expect(await started.result()).toMatchObject({ state });
    const { searchAttributes } = await world.client.workflow.getHandle(one.workflowId).describe();
    expect(searchAttributes).toMatchObject({ Stage: [state], RowsDone: [120], RowsTotal: [120] });
    expect(await detailsOf(one.workflowId)).toMatch(
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
  await noLimit(one.channel, 'whatsapp');
  await world.client.workflow.getHandle(`${one.workflowId}/${one.channel}`).signal('wake');
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
    (await detailsOf(one.workflowId)).includes(`waiting: no worker serves ${one.channel}`) ? true : null,
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
    await control(one.workflowId, 'pause');
    await control(one.workflowId, 'resume');
  }
  await control(one.workflowId, 'pause');
  const again = await (await one.start({}, anyWorkflowId())).result();
  // Another run of one's own chain is not a dead one.
  expect(again).toMatchObject({ runningIn: one.workflowId, attempt: 1 });
  await control(one.workflowId, 'resume');
  expect(await started.result()).toMatchObject({ state: 'completed', attempt: 1 });
  await one.expectExact({ accepted: 300 });
  for (const id of [one.workflowId, `${one.workflowId}/${one.channel}`]) {
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
