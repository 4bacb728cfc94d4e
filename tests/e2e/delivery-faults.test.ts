// What a provider may do to a running broadcast: refuse the token, run out of quota, go away, be slow, lose or garble answers,
// refuse one recipient or the template. The broadcast goes on by itself, and the ledger agrees with what the provider took.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import { addSuppressions } from '../../pipelines/suppressions/suppression-store.ts';
import { CONNECTIONS_WITHOUT_LIMIT } from '../../server/lanes.ts';
import { inFlightLimit } from '../../pipelines/delivery/in-flight.ts';
import { addressOf, openBroadcastWorld, type BroadcastWorld } from '../broadcast-world.ts';
import { openCase, type DeliveryCase } from '../delivery-case.ts';
import { until } from '../stack-world.ts';
import { launch } from './command-line/command-line.ts';
import { openTestClock } from '../test-clock.ts';

let world: BroadcastWorld;
beforeAll(async () => {
  world = await openBroadcastWorld({ SLUICE_REQUEST_TIMEOUT_MS: '3000' });
});
afterAll(() => world?.close());
afterEach(async () => {
  await world.simulator('DELETE', '/__sim/faults');
});

const fault = (spec: Record<string, unknown>) => world.simulator('POST', '/__sim/faults', spec);
const lostAnswers = async () =>
  ((await world.simulator('GET', '/__sim/faults')) as { lostAnswers: number }).lostAnswers;

/** Waits until the status says what holds the channel up, with recipients waiting. */
const heldBy = (one: DeliveryCase) =>
  until(`broadcast ${one.id} held up`, 60_000, async () => {
    const { held, state, fates } = await one.status();
    return held !== null && state === 'running' && fates.planned > 0 ? held : null;
  });

test.each([
  ['line', 'token'],
  ['whatsapp', '190'],
] as const)('%s: a token that expires midway holds the channel up until it is mended', async (kind, code) => {
  const one = await openCase(world, { kind, recipients: 300, perSecond: kind === 'line' ? 15 : 100 });
  const started = await one.start();
  await one.midway(48);
  await fault({ kind: 'token-expired', provider: kind });
  expect(await heldBy(one)).toBe(code);
  await world.simulator('DELETE', '/__sim/faults');
  expect(await started.result()).toMatchObject({ state: 'completed', error: null });
  expect((await one.status()).held).toBe(null);
  await one.expectExact({ accepted: 300 });
});

test("LINE's monthly quota used up midway: held up, and completed once it is raised", async () => {
  const one = await openCase(world, { kind: 'line', recipients: 240, perSecond: 15 });
  const used = await fetch(`${world.stack.simulatorUrl}/v2/bot/message/quota/consumption`, {
    headers: { authorization: 'Bearer test' },
  });
  const { totalUsage } = (await used.json()) as { totalUsage: number };
  await world.simulator('POST', '/__sim/quota', { sender: 'test', value: totalUsage + 100 });
  const started = await one.start();
  expect(await heldBy(one)).toBe('quota');
  const { fates } = await one.status();
  expect(fates.accepted).toBeLessThanOrEqual(100);
  await world.simulator('POST', '/__sim/quota', { sender: 'test', value: null });
  // The next probe is a minute away; a person who has raised the quota may say "resume", here with the minute over.
  await world.db.query('update channel_breakers set probe_at = clock_timestamp() where channel_id = $1', [one.channel]);
  await world.update(one.workflowId, 'resume');
  expect(await started.result()).toMatchObject({ state: 'completed' });
  await one.expectExact({ accepted: 240 });
});

test.each([
  ['line', true],
  ['line', false],
  ['whatsapp', false],
] as const)('%s (personal %s): a provider that is away for a while', async (kind, personal) => {
  const one = await openCase(world, {
    kind,
    personal,
    recipients: 300,
    perSecond: kind === 'line' && !personal ? 15 : 100,
  });
  const started = await one.start();
  await one.midway(48);
  await fault({ kind: 'down', forMs: 3_000, mode: 'refuse' });
  expect(await heldBy(one)).not.toBe('token');
  const { state, fates } = await started.result();
  expect(state).toBe('completed');
  // At WhatsApp, what was under way when the port closed may have been taken; LINE's retry key tells.
  expect(fates.uncertain).toBeLessThanOrEqual(kind === 'whatsapp' ? inFlightLimit(100) : 0);
  expect(fates.accepted).toBe(300 - fates.uncertain);
  if (kind === 'line') await one.expectExact({ accepted: 300 });
  else expect(Math.max(...(await one.reached()).values())).toBe(1);
});

test('slow answers: no more than the permitted number of requests is ever under way', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 200, perSecond: 200 });
  await fault({ kind: 'slow', provider: 'whatsapp', ms: 700 });
  const started = await one.start();
  let most = 0;
  await until('all through', 60_000, async () => {
    const fates = await world.fates(one.id);
    most = Math.max(most, fates.claimed);
    return fates.accepted === 200 ? true : null;
  });
  expect(await started.result()).toMatchObject({ state: 'completed' });
  expect(most).toBeGreaterThan(1);
  // As many as the rate needs at this latency, the slowest of twenty answers counting; a busy machine adds to it.
  expect(most).toBeLessThanOrEqual(inFlightLimit(200, 1_500));
  await one.expectExact({ accepted: 200 });
});

test('without a limit, a killed worker leaves no more unsent than it has connections', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 12_000, perSecond: 0 });
  // Slow enough that claims would pile up ahead of the connections, if they could.
  await fault({ kind: 'slow', provider: 'whatsapp', ms: 60 });
  const started = await one.start();
  for (const accepted of [1_000, 4_000]) {
    await one.midway(accepted);
    world.stack.kill('worker', 'SIGKILL');
  }
  await until('the rest', 120_000, async () => ((await world.fates(one.id)).planned < 3_000 ? true : null));
  await fetch(`${world.stack.simulatorUrl}/__sim/faults`, { method: 'DELETE' });
  const { state, fates } = await started.result();
  expect(state).toBe('completed');
  const reached = await one.reached();
  expect(Math.max(...reached.values())).toBe(1);
  const { rows } = await world.db.query<{ address: string }>(
    `select r.address from broadcast_ledger l join broadcast_recipients r using (broadcast_id, ordinal)
     where l.broadcast_id = $1 and l.fate = 'uncertain'`,
    [one.id],
  );
  expect(rows.length).toBe(fates.uncertain);
  // The others had gone out, and their answers were lost with the worker.
  const unsent = rows.filter(({ address }) => reached.get(address.replace('+', '')) === 0).length;
  expect(unsent).toBeLessThanOrEqual(2 * CONNECTIONS_WITHOUT_LIMIT);
  expect(fates.uncertain).toBeLessThanOrEqual(2 * inFlightLimit(0));
});

test('a worker that begins while Postgres is away polls, and serves its channels once it is back', async () => {
  const one = await openCase(world, { kind: 'line', personal: true, recipients: 50, perSecond: 100 });
  const release = world.stack.hold('postgres');
  const before = world.stack.pidOf('worker');
  world.stack.kill('worker', 'SIGKILL');
  await until('another worker process', 30_000, async () => {
    const pid = world.stack.pidOf('worker');
    return pid === null || pid === before ? null : pid;
  });
  await world.stack.waitReady('worker', 60_000);
  release();
  await world.stack.waitReady('postgres', 60_000);
  expect(await (await one.start()).result()).toMatchObject({ state: 'completed' });
  await one.expectExact({ accepted: 50 });
});

test('a worker whose database does not exist, or whose Temporal does not answer, ends and says which', async () => {
  const nowhere = new URL(world.stack.databaseUrl);
  nowhere.pathname = '/not_there';
  const env = { DATABASE_URL: nowhere.href, TEMPORAL_ADDRESS: world.stack.temporalAddress };
  const wrong = await launch(['worker'], world.folder, env).ended;
  expect(wrong).toMatchObject({ code: 1 });
  expect(wrong.stdout).not.toContain('ready');
  expect(wrong.stderr).toMatch(/not_there/);
  const silent = await launch(['worker'], world.folder, { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' }).ended;
  expect(silent).toMatchObject({ code: 1 });
  expect(silent.stderr).toContain('Temporal does not answer at 127.0.0.1:1');
});

test.each(['line', 'whatsapp'] as const)(
  '%s: a 200 that cannot be read is an acceptance without an id',
  async (kind) => {
    const one = await openCase(world, { kind, personal: true, recipients: 100, perSecond: 200 });
    await fault({ kind: 'malformed-200', provider: kind, count: 5 });
    expect(await (await one.start()).result()).toMatchObject({ state: 'completed' });
    await one.expectExact({ accepted: 100 });
    const { rows } = await world.db.query<{ n: string }>(
      `select count(*) as n from broadcast_attempts where broadcast_id = $1 and class = 'accepted' and message_id is null`,
      [one.id],
    );
    expect(rows[0]!.n).toBe('5');
  },
);

test('WhatsApp: answers lost after acceptance make exactly those uncertain, and only a person sends them again', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 200, perSecond: 200 });
  await fault({ kind: 'accept-then-drop', provider: 'whatsapp', every: 10, count: 4 });
  const { state, fates } = await (await one.start()).result();
  expect(state).toBe('completed');
  expect(await lostAnswers()).toBe(4);
  expect(fates).toMatchObject({ accepted: 196, uncertain: 4 });
  expect(new Set((await one.reached()).values())).toEqual(new Set([1]));
  expect(await one.retry('uncertain')).toMatchObject({ state: 'completed', attempt: 2 });
  expect(await world.fates(one.id)).toMatchObject({ accepted: 200, uncertain: 0 });
  const times = [...(await one.reached()).values()];
  expect(times.filter((n) => n === 2).length).toBe(4);
});

test.each([true, false])(
  'LINE (personal %s): answers lost after acceptance are found out by the retry key',
  async (personal) => {
    const one = await openCase(world, { kind: 'line', personal, recipients: 200, perSecond: 100 });
    await fault({ kind: 'accept-then-drop', provider: 'line', every: 3, count: 4 });
    expect(await (await one.start()).result()).toMatchObject({ state: 'completed' });
    expect(await lostAnswers()).toBe(4);
    await one.expectExact({ accepted: 200 });
  },
);

test('LINE: an unknown user spoils only himself, not the multicast he is in', async () => {
  const one = await openCase(world, { kind: 'line', recipients: 200, perSecond: 100 });
  await world.simulator('POST', '/__sim/users', { provider: 'line', users: [one.address(77)], state: 'unknown' });
  expect(await (await one.start()).result()).toMatchObject({ state: 'completed' });
  await one.expectExact({ accepted: 199, rejected: 1 });
  expect((await one.status()).codes).toEqual([{ fate: 'rejected', code: 'unknown_recipient', recipients: 1 }]);
  const { rows } = await world.db.query<{ ordinal: number }>(
    `select ordinal from broadcast_ledger where broadcast_id = $1 and fate = 'rejected'`,
    [one.id],
  );
  expect(rows).toEqual([{ ordinal: 77 }]);
});

test.each(['line', 'whatsapp'] as const)(
  '%s: who left between plan and send is not sent to, and why is said',
  async (kind) => {
    const one = await openCase(world, { kind, recipients: 60, perSecond: 200 }, async ({ channel, list }) => {
      await world.db.query(
        `insert into contacts (channel_id, social_id, source) select $1, address, 'test' from unnest($2::text[]) address`,
        [channel, [0, 1, 2, 3].map((n) => addressOf(list, n))],
      );
    });
    const where = 'where channel_id = $1 and social_id = $2';
    await world.db.query(`delete from contacts ${where}`, [one.channel, one.address(0)]);
    await world.db.query(`update contacts set subscribed = false ${where}`, [one.channel, one.address(1)]);
    await world.db.query(`update contacts set blocked_at = now() ${where}`, [one.channel, one.address(2)]);
    const scope = { channel: one.channel, reason: 'stop', source: 'test', defaultCountry: 'TW', psid: false };
    await addSuppressions(world.db, world.stack.clientEnv['SLUICE_SUPPRESSION_KEY']!, scope, [one.address(3)]);
    expect(await (await one.start()).result()).toMatchObject({ state: 'completed' });
    await one.expectExact({ accepted: 56, suppressed: 4 });
    const { rows } = await world.db.query<{ ordinal: number; code: string }>(
      `select ordinal, code from broadcast_ledger where broadcast_id = $1 and fate = 'suppressed' order by ordinal`,
      [one.id],
    );
    expect(rows.map(({ code }) => code)).toEqual(['deleted', 'unsubscribed', 'blocked', 'suppression_list']);
  },
);

test('WhatsApp: a template that is refused stops the broadcast; mended, the rest goes out', async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 200, perSecond: 100 });
  const started = await one.start();
  await one.midway(20);
  await fault({ kind: 'error', provider: 'whatsapp', code: 132001 });
  const ended = await started.result();
  expect(ended.state).toBe('failed');
  expect(ended.error).toMatch(/132001/);
  expect(ended.fates.planned).toBeGreaterThan(0);
  expect(ended.fates.rejected).toBeGreaterThan(0);
  await world.simulator('DELETE', '/__sim/faults');
  expect(await one.retry('planned')).toMatchObject({ state: 'completed', error: null });
  expect(await one.retry('failed')).toMatchObject({ state: 'completed' });
  await one.expectExact({ accepted: 200 });
});

test("settling takes days by the database's clock, few events, and ends when somebody asks for a look", async () => {
  const one = await openCase(world, { kind: 'whatsapp', recipients: 30, perSecond: 200 });
  const list = { kind: 'whatsapp' as const, personal: false, recipients: 30, from: 9_000_000 };
  const plan = await world.plan(one.channel, list, { settleSeconds: 2 * 86_400 });
  await fault({ kind: 'accept-then-drop', provider: 'whatsapp', count: 2 });
  const workflowId = `broadcast/${plan.broadcastId}/1`;
  const started = await world.start({ plan: plan.digest }, workflowId);
  await until('settling', 60_000, async () =>
    (await readStatus(world.db, plan.broadcastId)).state === 'settling' ? true : null,
  );
  const handle = world.client.workflow.getHandle(workflowId);
  const { settleUntil } = await readStatus(world.db, plan.broadcastId);
  const days = (Date.parse(settleUntil!) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(1.9);
  expect(days).toBeLessThan(2.1);
  const clock = await openTestClock(world.db);
  await clock.advance(47 * 3_600_000);
  await handle.signal('wake');
  // Not over yet: it looks, and waits on.
  await until('a look', 60_000, async () => ((await handle.describe()).historyLength > 0 ? true : null));
  expect((await readStatus(world.db, plan.broadcastId)).state).toBe('settling');
  await clock.advance(2 * 3_600_000);
  await handle.signal('wake');
  expect(await started.result()).toMatchObject({ state: 'completed', fates: { accepted: 28, uncertain: 2 } });
  expect((await handle.describe()).historyLength).toBeLessThan(300);
});
