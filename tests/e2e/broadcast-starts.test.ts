// Every way to start is one way: by a plan, by its id, by a list typed into the Temporal UI, by a retry. Nobody is sent to twice by
// another door, and every control works behind each.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import { RETRY_SCOPES } from '../../contracts/broadcast.ts';
import { openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { anyWorkflowId, detailsOf, failureOf, noLimit, openCase, type DeliveryCase } from '../delivery-case.ts';
import { until } from '../stack-world.ts';
import { sluice } from './command-line/command-line.ts';

let world: BroadcastWorld;
beforeAll(async () => {
  world = await openBroadcastWorld();
});
afterAll(() => world?.close());

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
      const text = await detailsOf(world, workflowId);
      return text.includes('approve') ? text : null;
    });
    expect(details).toMatch(new RegExp(`Broadcast ${await newestOf(one.channel)} waits`));
    expect(details).toMatch(/2 recipients to send to, 2 requests, about 1 s/);
    // What a person's name is stays out of Temporal; that there is one can be seen.
    expect(details).toContain('請核准 \u2592\u2592');
    expect(details).not.toMatch(/客|U0000/);
    expect(new Set((await one.reached()).values())).toEqual(new Set([0]));
    const id = await newestOf(one.channel);
    const behind = await world.start({ plan: id, waitForApproval: false }, anyWorkflowId());
    expect(await failureOf(behind)).toMatchObject({ type: 'waits_for_approval' });
    const { stdout } = await sluice(world, 'broadcast', 'status', id);
    expect(stdout).toContain(`Waits for approval, in workflow ${workflowId}.`);
    expect(stdout).toMatch(new RegExp(`sluice broadcast approve ${id}`));
    const { stdout: refused } = await sluice(world, 'broadcast', 'give-up', id);
    expect(refused).toContain('no request was made');
    await world.update(workflowId, decision);
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
    expect(await world.update(workflowId, 'pause')).toMatchObject({ state: 'paused', underWay: 0 });
    const paused = await fates();
    expect(paused.planned).toBeGreaterThan(0);
    expect((await status()).state).toBe('paused');
    expect(await world.update(workflowId, 'cancel')).toMatchObject({ state: 'cancelled', underWay: 0 });
    const ended = await started.result();
    expect(ended).toMatchObject({ state: 'cancelled', attempt: 1 });
    expect(ended.fates.accepted).toBe(paused.accepted);
    expect(ended.fates.cancelled).toBe(300 - paused.accepted);

    const repeat = await world.start({ list, waitForApproval: false }, anyWorkflowId());
    expect(await failureOf(repeat)).toMatchObject({ type: 'plan_started' });
    await noLimit(world, one.channel, kind);
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

test('two starts from one list at once send once, and neither is taken for a question', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 60, perSecond: 30 });
  const list = await listOf(one, 60, 'line', '同時 {{name}}');
  const starts = await Promise.all(
    [anyWorkflowId(), anyWorkflowId()].map((id) => world.start({ list, waitForApproval: false }, id)),
  );
  // The later one names the first, or finds it ended.
  const ends = await Promise.all(starts.map((start) => start.result().catch(() => failureOf(start))));
  for (const end of ends) expect(JSON.stringify(end)).not.toContain('waits_for_approval');
  expect(ends.filter((end) => 'runningIn' in end && end.runningIn === null).length).toBe(1);
  expect(new Set((await one.reached()).values())).toEqual(new Set([1]));
});

test('a retry that waits for approval is not sent by another way; cancelled, it is', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 30, perSecond: 2 });
  const started = await one.start();
  await one.midway(2);
  await world.update(one.workflowId, 'cancel');
  await started.result();
  const retry = { broadcastId: one.id, scope: 'cancelled' } as const;
  const asking = anyWorkflowId();
  const asked = await world.start({ retry, waitForApproval: true }, asking);
  await until('a question', 60_000, async () =>
    (await detailsOf(world, asking)).includes('waits for the update') ? true : null,
  );
  expect((await sluice(world, 'broadcast', 'status', one.id)).stdout).toContain(`approval, in workflow ${asking}`);
  const behind = await failureOf(await world.start({ retry }, anyWorkflowId()));
  expect(behind).toMatchObject({ type: 'waits_for_approval' });
  expect(await sluice(world, 'broadcast', 'cancel', one.id)).toMatchObject({ code: 0 });
  expect(await asked.result()).toMatchObject({ state: 'cancelled', attempt: 0 });
  await noLimit(world, one.channel, 'whatsapp');
  expect(await (await world.start({ retry }, anyWorkflowId())).result()).toMatchObject({ state: 'completed' });
  expect(new Set((await one.reached()).values())).toEqual(new Set([1]));
});

test('a second retry with another scope is refused by name, not taken for the first', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 300, perSecond: 40 });
  const first = await one.start();
  await one.midway(5);
  const other = await world.start({ retry: { broadcastId: one.id, scope: 'failed' } }, anyWorkflowId());
  const refused = await failureOf(other);
  expect(refused).toMatchObject({ type: 'retry_running' });
  expect(refused.message).toContain(one.workflowId);
  await noLimit(world, one.channel, 'whatsapp');
  expect(await first.result()).toMatchObject({ state: 'completed' });
});
