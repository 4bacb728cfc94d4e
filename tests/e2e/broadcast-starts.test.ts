// Every way to start is one way: by a plan, by its id, by a list typed into the Temporal UI, by a retry. Nobody is sent to twice by
// another door, and every control works behind each.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setRateCap } from '../../pipelines/broadcast/control.ts';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import { RETRY_SCOPES } from '../../pipelines/contracts/broadcast.ts';
import { openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { anyWorkflowId, detailsOf, failureOf, noLimit, openCase, type DeliveryCase } from '../delivery-case.ts';
import { until } from '../stack-world.ts';
import { answerOf, launch, sluice, type ErrorDocument } from './command-line/command-line.ts';

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

describe('on the command line', () => {
  /** A channel, a list and a message file. */
  async function files(recipients: number, perSecond: number) {
    const one = await openCase(world, { kind: 'whatsapp', recipients, perSecond });
    const rows = Array.from({ length: recipients }, (_, n) => `${one.address(n)},${n === 0 ? '' : `客${n}`}`);
    await world.file('cli-list.csv', `手機,name\n${rows.join('\n')}\n`);
    const parameters = [{ type: 'text', text: '{{name}}' }];
    const template = { name: `cli-${one.id}`, language: { code: 'zh_TW' }, components: [{ type: 'body', parameters }] };
    await world.file('cli-message.json', JSON.stringify({ type: 'template', template }));
    return one;
  }
  const said = async (...args: string[]): Promise<string> => {
    const ran = await sluice(world, ...args);
    expect(ran, args.join(' ')).toMatchObject({ code: 0 });
    return ran.stdout;
  };

  test('plan, its next line, controls in sentences, explain, list: what is said is true and can be pasted', async () => {
    const one = await files(60, 20);
    const list = ['--csv', 'cli-list.csv', '--message', 'cli-message.json'];
    const planned = await said('broadcast', 'plan', '--channel', one.channel, ...list);
    const next = /^Next: (?:npx )?sluice (broadcast start (\d+) --data-dir \S+)$/m.exec(planned);
    expect(next, planned).not.toBeNull();
    const id = next![2]!;
    expect(planned).toMatch(/a crash leaves \d+ of them uncertain at most/);
    // Slow enough for commands on a machine that has other things to do.
    await setRateCap(id, 1, world.db);
    const started = await launch([...next![1]!.split(' '), '--no-wait'], world.folder).ended;
    expect(started).toMatchObject({ code: 0 });
    await until('some accepted', 60_000, async () => ((await world.fates(id)).accepted >= 3 ? true : null));

    expect(await said('broadcast', 'pause', id)).toMatch(
      new RegExp(`^Broadcast ${id} is paused: nothing new goes out\\.`),
    );
    expect(await said('broadcast', 'set-rate', id, '5')).toBe(
      `Broadcast ${id} sends at most 5 requests a second, within its channel's rate.\n`,
    );
    expect(await said('broadcast', 'set-rate', id, 'none')).toMatch(/has no cap of its own any more/);
    expect((await sluice(world, 'broadcast', 'set-rate', id, '0')).code).toBe(2);
    await said('broadcast', 'set-rate', id, '0.2');
    expect(await said('broadcast', 'resume', id)).toBe(`Broadcast ${id} goes on.\n`);
    expect(await said('broadcast', 'cancel', id)).toMatch(
      new RegExp(`^Broadcast ${id} is cancelled: what was not sent stays unsent`),
    );
    await until('its end', 60_000, async () => ((await readStatus(world.db, id)).state === 'cancelled' ? true : null));

    expect(await said('explain', `${id}:0`)).toMatch(/rejected \(missing_parameter: no value for \{\{name\}\}\)/);
    const accepted = await said('explain', `${id}:1`);
    expect(accepted).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d/);
    expect(accepted).toContain('Times: Asia/Taipei.');
    expect(await said('broadcast', 'list')).toContain('Times: Asia/Taipei.');
    const { broadcasts } = await answerOf<{ broadcasts: { plannedAt: string }[] }>(world, 'broadcast', 'list');
    expect(broadcasts[0]!.plannedAt).toMatch(/Z$/);

    const before = await readStatus(world.db, id);
    const nothing = await sluice(world, 'broadcast', 'retry', id, '--scope', 'uncertain', '--json');
    expect(nothing.code).toBe(2);
    expect(nothing.json<ErrorDocument>().error.code).toBe('nothing_to_retry');
    expect(await readStatus(world.db, id)).toEqual(before);
    await world.db.query('update broadcasts set rate_cap = null where id = $1', [id]);
    const again = await sluice(world, 'broadcast', 'retry', id, '--scope', 'cancelled', '--json');
    expect(again).toMatchObject({ code: 0 });
    expect(again.json()).toMatchObject({ state: 'completed', attempt: 2 });
  });

  test('stopped from outside, it says so, no control pretends otherwise, and only a start goes on', async () => {
    const one = await openCase(world, { kind: 'whatsapp', recipients: 60, perSecond: 5 });
    // Slow enough for commands on a machine that has other things to do.
    await setRateCap(one.id, 1, world.db);
    const started = await one.start();
    await one.midway(3);
    await world.client.workflow.getHandle(one.workflowId).terminate('as a person in the UI');
    await failureOf(started);
    expect(await said('broadcast', 'status', one.id)).toMatch(
      new RegExp(`stopped from outside\\. Go on with: .*sluice broadcast start ${one.id}`),
    );
    const pause = await sluice(world, 'broadcast', 'pause', one.id);
    expect(pause).toMatchObject({ code: 1 });
    expect(pause.stderr).toContain(`sluice broadcast start ${one.id}`);
    const retry = await sluice(world, 'broadcast', 'retry', one.id, '--scope', 'failed', '--no-wait', '--json');
    expect(retry.json<ErrorDocument>().error.code).toBe('nothing_to_retry');
    expect((await world.fates(one.id)).planned).toBeGreaterThan(0);
    await said('broadcast', 'start', one.id, '--no-wait');
    expect(await said('broadcast', 'start', one.id, '--no-wait')).toContain('Runs already: workflow');
    const other = await sluice(world, 'broadcast', 'retry', one.id, '--scope', 'uncertain', '--no-wait', '--json');
    expect(other.json<ErrorDocument>().error.code).toBe('retry_running');
    await noLimit(world, one.channel, 'whatsapp');
    await setRateCap(one.id, null, world.db);
    await until('its end', 60_000, async () => ((await one.status()).state === 'completed' ? true : null));
    const over = await sluice(world, 'broadcast', 'start', one.id, '--no-wait', '--json');
    expect(over.json<ErrorDocument>().error.code).toBe('plan_started');
    expect(new Set((await one.reached()).values())).toEqual(new Set([1]));
  });

  test('wrong ids and counts are wrong usage; a broadcast that is not there is called that by every verb', async () => {
    for (const args of [
      ['status', 'abc'],
      ['pause', '0x1'],
      ['rows', 'abc'],
      ['list', '--limit', '1.5'],
    ])
      expect((await sluice(world, 'broadcast', ...args)).code, args.join(' ')).toBe(2);
    for (const verb of ['status', 'start', 'pause', 'give-up']) {
      const { stderr } = await sluice(world, 'broadcast', verb, '99999');
      expect(stderr, verb).toMatch(/There is no (broadcast|plan with the digest or id) 99999/);
    }
  });

  test('with uncertain ones at the end, the retry that sends to them is named', async () => {
    const one = await openCase(world, { kind: 'whatsapp', recipients: 20, perSecond: 100 });
    await world.simulator('POST', '/__sim/faults', { kind: 'accept-then-drop', provider: 'whatsapp', count: 2 });
    expect(await said('broadcast', 'start', one.id)).toMatch(
      new RegExp(`2 uncertain: .*sluice broadcast retry ${one.id} --scope uncertain`),
    );
  });

  test('a rate of 0 is not set by mistake, and the rates in force are listed', async () => {
    const one = await openCase(world, { kind: 'line', recipients: 1, perSecond: 100 });
    expect((await sluice(world, 'channels', 'set', one.channel, '--rate', '0')).code).toBe(2);
    expect(await said('channels', 'set', one.channel, '--rate', 'push=7')).toContain('push 7/s, multicast 100/s');
    expect(await said('channels', 'set', one.channel, '--rate', '0', '--no-limit')).toContain('multicast no limit');
    const foreign = await sluice(
      world,
      'channels',
      'set',
      one.channel,
      '--rate',
      'psuh=500',
      '--secret-env',
      'SLUICE_X',
    );
    expect(foreign.stderr).toContain('there is no endpoint "psuh" on line; there are *, push, multicast');
    expect(foreign.stderr).toContain('must begin with SLUICE_SECRET_');
    // One that was set before endpoints were judged can rest all the same, and lose it.
    await world.db.query(`update channels set rates = rates || '{"psuh": 5}' where id = $1`, [one.channel]);
    await said('channels', 'set', one.channel, '--disable');
    await said('channels', 'set', one.channel, '--enable', '--rate', 'psuh=default');
    expect(await said('channels', 'list')).toContain('push 7/s');
    expect(await said('channels', 'set', one.channel, '--rate', 'push=default')).toContain('push no limit');
    expect(await said('channels', 'set', one.channel, '--rate', 'default')).toContain('push 2000/s, multicast 200/s');
  });

  test('twelve pauses at once are all answered', async () => {
    const one = await openCase(world, { kind: 'whatsapp', recipients: 200, perSecond: 20 });
    await setRateCap(one.id, 2, world.db);
    const started = await one.start();
    await one.midway(1);
    const pauses = await Promise.all(Array.from({ length: 12 }, () => sluice(world, 'broadcast', 'pause', one.id)));
    for (const { code, stdout, stderr } of pauses)
      expect({ code, stdout, stderr }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('is paused') as string,
      });
    await noLimit(world, one.channel, 'whatsapp');
    await said('broadcast', 'set-rate', one.id, 'none');
    await said('broadcast', 'resume', one.id);
    expect(await started.result()).toMatchObject({ state: 'completed' });
  });

  test('more changes of the rate than a run takes updates: all are taken, and so are pause, resume and cancel', async () => {
    const one = await openCase(world, { kind: 'whatsapp', recipients: 200, perSecond: 20 });
    await setRateCap(one.id, 2, world.db);
    const started = await one.start();
    await one.midway(1);
    await said('broadcast', 'pause', one.id);
    // A run takes ten updates at once.
    for (let sent = 0; sent < 2_001; sent += 9) {
      const perSecond = 1 + (sent % 7);
      await Promise.all(Array.from({ length: 9 }, () => world.update(one.workflowId, 'setRate', { perSecond })));
    }
    expect(await said('broadcast', 'resume', one.id)).toContain('goes on');
    expect(await said('broadcast', 'pause', one.id)).toContain('is paused');
    expect(await said('broadcast', 'cancel', one.id)).toContain('is cancelled');
    expect(await started.result()).toMatchObject({ state: 'cancelled', attempt: 1 });
  });
});
