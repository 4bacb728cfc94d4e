// What the command line says about broadcasts is true at the end and can be pasted: plan, start, controls, retry, channels; also when
// a workflow was stopped from outside, and when more is asked of a run than it takes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setRateCap } from '../../pipelines/broadcast/control.ts';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import { openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { failureOf, noLimit, openCase } from '../delivery-case.ts';
import { until } from '../stack-world.ts';
import { answerOf, launch, sluice, type ErrorDocument } from './command-line/command-line.ts';

let world: BroadcastWorld;
beforeAll(async () => {
  world = await openBroadcastWorld();
});
afterAll(() => world?.close());

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
  const foreign = await sluice(world, 'channels', 'set', one.channel, '--rate', 'psuh=500', '--secret-env', 'SLUICE_X');
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
