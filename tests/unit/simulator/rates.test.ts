// Rates over HTTP: each sender and endpoint has its own window, refusals say nothing of when to come back.
import { expect, test } from 'vitest';
import { jsonLines, phone, running, user } from './running-simulator.ts';

const KEY = '6f1d2c3b-0000-4000-8000-000000000001';

test('excess requests of one sender and endpoint get 429, reach nobody and use no key up', async () => {
  const sim = await running({ rates: { 'line.push': 3 } });
  const answers = [];
  for (let n = 0; n < 5; n++) answers.push(await sim.push(user(n), n === 3 ? KEY : undefined));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
  const { json, headers } = answers[3]!;
  expect(json).toEqual({ message: 'The API rate limit has been exceeded. Try again later.' });
  expect([...headers.keys()].filter((name) => /retry|rate/.test(name))).toEqual([]);
  expect(await sim.ledger()).toHaveLength(3);
  // The other endpoint and the other sender have windows of their own.
  expect((await sim.multicast([user(1)])).status).toBe(200);
  const other = { token: 'other', body: { to: user(1), messages: [{ type: 'text', text: 'x' }] } };
  expect((await sim.call('POST', '/v2/bot/message/push', other)).status).toBe(200);
  sim.clock.advance(999);
  expect((await sim.push(user(3), KEY)).status).toBe(429);
  sim.clock.advance(1);
  expect((await sim.push(user(3), KEY)).status).toBe(200);
});

test('a limit can be set for one sender, and no limit at all', async () => {
  const sim = await running({ rates: { 'whatsapp.messages': 2 } });
  await sim.admin('rate', { provider: 'whatsapp', endpoint: 'messages', sender: '777', limit: 0 });
  const mine = await Promise.all(Array.from({ length: 4 }, (_, n) => sim.whatsapp(phone(n))));
  const free = await Promise.all(Array.from({ length: 4 }, (_, n) => sim.whatsapp(phone(n), {}, '777')));
  expect(mine.filter(({ json }) => json.error?.code === 130429)).toHaveLength(2);
  expect(free.every(({ status }) => status === 200)).toBe(true);
  expect((await sim.admin('rate', { provider: 'line', endpoint: 'nothing', limit: 1 })).status).toBe(400);
});

test('throttling codes come with 400 and 429 in turn, or as switched', async () => {
  const sim = await running({ rates: { 'whatsapp.messages': 1 } });
  await sim.whatsapp(phone(0));
  const statuses = async (): Promise<number[]> => [
    (await sim.whatsapp(phone(1))).status,
    (await sim.whatsapp(phone(2))).status,
  ];
  expect((await statuses()).sort()).toEqual([400, 429]);
  await sim.admin('switches', { throttleStatus: 429 });
  expect(await statuses()).toEqual([429, 429]);
});

test('the arrival log has every request, with the time it came and what it was told', async () => {
  const sim = await running({ rates: { 'line.multicast': 1 } });
  const beginUs = sim.clock.nowUs();
  await sim.multicast([user(1), user(2)], KEY);
  sim.clock.advance(3);
  await sim.multicast([user(1), user(2)], KEY);
  sim.clock.advance(4);
  await sim.push('U1');
  const { text } = await sim.call('GET', '/__sim/arrivals');
  const records = jsonLines<{ at: number }>(text);
  expect(records).toMatchObject([
    { endpoint: 'multicast', recipients: 2, accepted: true, status: 200, code: '', correlation: KEY },
    { endpoint: 'multicast', recipients: 2, accepted: false, status: 429, code: 'rate_limit', correlation: KEY },
    { endpoint: 'push', recipients: 1, accepted: false, status: 400, code: 'invalid_to', correlation: '' },
  ]);
  expect(records.map(({ at }) => at - beginUs)).toEqual([0, 3_000, 7_000]);
  expect(await sim.get('/__sim/summary')).toMatchObject({ requests: 3, accepted: 1, refused: { rate_limit: 1 } });
});
