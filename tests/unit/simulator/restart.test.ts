// A simulator that was killed goes on where it was: truth, keys, quota, counts and settings, and no id is given twice.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { handClock, phone, running, temporaryFolder, user } from './running-simulator.ts';

const KEY = '6f1d2c3b-0000-4000-8000-000000000001';
const OTHER_KEY = '6f1d2c3b-0000-4000-8000-000000000002';

test('what was answered before a kill is known after it; a torn line is not', async () => {
  const dataDir = temporaryFolder();
  const killed = await running({ dataDir });
  await killed.admin('quota', { sender: 'shop', value: 4 });
  await killed.admin('users', { provider: 'line', users: [user(8)], state: 'blocked' });
  const push = await killed.push(user(1), KEY);
  await killed.multicast([user(2), user(3), user(8)], OTHER_KEY);
  const message = await killed.whatsapp(phone(1), { biz_opaque_callback_data: '訂單, 1' });
  await killed.push('U1');
  await killed.push(user(2), KEY);
  const before = await killed.get('/__sim/summary');
  // As a kill in the middle of a write leaves them. The old one is not closed: a killed process flushes nothing.
  for (const name of ['truth.csv', 'arrivals.csv', 'settings.jsonl']) appendFileSync(join(dataDir, name), '17,line,sh');

  const sim = await running({ dataDir });
  expect(await sim.get('/__sim/summary')).toEqual(before);
  expect(await sim.ledger()).toEqual(await killed.ledger());
  const again = await sim.push(user(1), KEY);
  expect([again.status, again.json.sentMessages]).toEqual([409, push.json.sentMessages]);
  expect(again.headers.get('x-line-accepted-request-id')).toBe(push.headers.get('x-line-request-id'));
  expect((await sim.multicast([user(2), user(3), user(8)], OTHER_KEY)).status).toBe(409);
  expect(await sim.get('/v2/bot/message/quota/consumption')).toEqual({ totalUsage: 3 });
  expect((await sim.multicast([user(4), user(5)])).status).toBe(429);
  const [last] = (await sim.ledger('?provider=whatsapp')).slice(-1);
  expect(last!.correlation).toBe('訂單, 1');
  const next = await sim.whatsapp(phone(1));
  expect(next.json.messages[0]!.id).not.toBe(message.json.messages[0]!.id);
  expect((await sim.push(user(6))).json.sentMessages[0]!.id).not.toBe(push.json.sentMessages[0]!.id);
});

test('the answer is not sent before the truth is in the file', async () => {
  const dataDir = temporaryFolder();
  const sim = await running({ dataDir });
  const lines = (): number => readFileSync(join(dataDir, 'truth.csv'), 'latin1').split('\n').length - 2;
  for (let n = 1; n <= 20; n++) {
    await sim.push(user(n));
    expect(lines()).toBe(n);
  }
  await Promise.all(Array.from({ length: 50 }, (_, n) => sim.push(user(100 + n)).then(() => undefined)));
  expect(lines()).toBe(70);
});

test('the files are plain: a header, and as many fields in each line', async () => {
  const dataDir = temporaryFolder();
  const sim = await running({ dataDir });
  await sim.multicast([user(1), user(2)], KEY);
  await sim.whatsapp(phone(1), { biz_opaque_callback_data: 'a,b"c\n;%' });
  await sim.push(user(3), KEY);
  for (const name of ['truth.csv', 'arrivals.csv', 'violations.csv']) {
    const rows = readFileSync(join(dataDir, name), 'latin1')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(','));
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
    expect(rows.length).toBeGreaterThan(1);
  }
  const [, multicast] = readFileSync(join(dataDir, 'truth.csv'), 'latin1').split('\n');
  expect(multicast!.split(',').at(-2)).toBe(`${user(1)};${user(2)}`);
});

test('a kill refills no budget, and loses no pushed calendar', async () => {
  const dataDir = temporaryFolder();
  const clock = handClock();
  const killed = await running({ dataDir }, clock);
  await killed.admin('rate', { provider: 'line', endpoint: 'push', limit: 2 });
  await killed.push(user(1), KEY);
  clock.advance(50);
  await killed.admin('clock', { advanceMs: 25 * 3_600_000 });
  await killed.push(user(1), OTHER_KEY);
  clock.advance(949);
  const sim = await running({ dataDir }, clock);
  expect((await sim.push(user(2))).status).toBe(429);
  clock.advance(51);
  expect((await sim.push(user(1), OTHER_KEY)).status).toBe(409);
  expect((await sim.push(user(1), KEY)).status).toBe(200);
});

test('a real-looking token is in no file, and its short name works for the admin calls', async () => {
  const dataDir = temporaryFolder();
  const sim = await running({ dataDir });
  const token = `${'aB3+/'.repeat(34)}w1cDnyilFU=`;
  const body = { to: user(1), messages: [{ type: 'text', text: 'x' }] };
  await sim.call('POST', '/v2/bot/message/push', { token, body });
  await sim.admin('users', { provider: 'line', sender: 'shop', users: [user(2)], state: 'blocked' });
  expect(await sim.ledger(`?sender=${encodeURIComponent(token)}`)).toHaveLength(1);
  for (const name of ['truth.csv', 'arrivals.csv'])
    expect(readFileSync(join(dataDir, name), 'latin1')).not.toContain(token.slice(0, 20));
});
