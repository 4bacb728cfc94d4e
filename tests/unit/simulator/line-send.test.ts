// The simulated LINE judges sends as the real one does: retry keys, content, recipients, quota, in that order.
import { expect, test } from 'vitest';
import { running, TEXT, user } from './running-simulator.ts';

const KEY = '6f1d2c3b-0000-4000-8000-000000000001';
const OTHER_KEY = '6f1d2c3b-0000-4000-8000-000000000002';
const DAY_MS = 24 * 3_600_000;

test('a push is accepted with message ids and a request id, and reaches its recipient once', async () => {
  const sim = await running();
  const { status, json, headers } = await sim.push(user(1), KEY, { messages: [...TEXT.messages, ...TEXT.messages] });
  expect(status).toBe(200);
  expect(json.sentMessages).toHaveLength(2);
  expect(headers.get('x-line-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers.get('retry-after')).toBeNull();
  const [record, ...more] = await sim.ledger();
  expect(more).toEqual([]);
  expect(record).toMatchObject({
    ...{ provider: 'line', sender: 'shop', endpoint: 'push', recipient: user(1), correlation: KEY },
    requestId: headers.get('x-line-request-id'),
    messageId: json.sentMessages.map(({ id }: { id: string }) => id).join(';'),
  });
  expect(record!.at).toBe(sim.clock.nowUs());
});

test('an accepted key answers 409 with the first request id and, for a push, the first messages', async () => {
  const sim = await running();
  const first = await sim.push(user(1), KEY);
  const again = await sim.push(user(1), KEY.toUpperCase());
  expect([again.status, again.json.message]).toEqual([409, 'The retry key is already accepted']);
  expect(again.json.sentMessages).toEqual(first.json.sentMessages);
  expect(again.headers.get('x-line-accepted-request-id')).toBe(first.headers.get('x-line-request-id'));
  expect(again.headers.get('x-line-request-id')).not.toBe(first.headers.get('x-line-request-id'));
  await sim.multicast([user(2)], OTHER_KEY);
  expect((await sim.multicast([user(2)], OTHER_KEY)).json).toEqual({ message: 'The retry key is already accepted' });
  expect(await sim.ledger()).toHaveLength(2);
  expect(await sim.get('/__sim/summary')).toMatchObject({ contractViolationsTotal: 0, duplicatesByCorrelation: 0 });
});

test('the same key with another body is a broken contract, and not sent', async () => {
  const sim = await running();
  await sim.push(user(1), KEY);
  expect((await sim.push(user(2), KEY)).status).toBe(409);
  expect(await sim.ledger()).toHaveLength(1);
  const summary = await sim.get('/__sim/summary');
  expect(summary.contractViolations).toEqual({ retry_key_with_another_body: 1 });
});

test('a key belongs to its channel', async () => {
  const sim = await running();
  await sim.push(user(1), KEY);
  const body = { to: user(1), ...TEXT };
  const options = { token: 'another', body, headers: { 'x-line-retry-key': KEY } };
  expect((await sim.call('POST', '/v2/bot/message/push', options)).status).toBe(200);
});

test('after 24 hours the same key sends again, which the ledger shows as a duplicate', async () => {
  const sim = await running();
  await sim.push(user(1), KEY);
  await sim.admin('clock', { advanceMs: DAY_MS - 60_000 });
  expect((await sim.push(user(1), KEY)).status).toBe(409);
  await sim.admin('clock', { advanceMs: 60_000 });
  expect((await sim.push(user(1), KEY)).status).toBe(200);
  expect((await sim.get('/__sim/summary')).duplicatesByCorrelation).toBe(1);
});

test('a key that is refused is not used up', async () => {
  const sim = await running();
  expect((await sim.push('U1', KEY)).status).toBe(400);
  expect((await sim.push(user(1), KEY)).status).toBe(200);
});

test.each([
  ['no UUID', '/v2/bot/message/push', 'not-a-uuid', { to: user(1), ...TEXT }],
  ['validate', '/v2/bot/message/validate/push', KEY, TEXT],
  ['reply', '/v2/bot/message/reply', KEY, { replyToken: 'x', ...TEXT }],
])('a retry key is refused with 400: %s', async (_, path, key, body) => {
  const sim = await running();
  const answer = await sim.call('POST', path, { body, headers: { 'x-line-retry-key': key } });
  expect(answer.status).toBe(400);
  expect(answer.json.message).toMatch(/X-Line-Retry-Key/);
});

test.each([
  [{ messages: [] }, 'messages'],
  [{ messages: Array(6).fill(TEXT.messages[0]) }, 'messages'],
  [{ messages: [{ type: 'text', text: '' }] }, 'messages[0].text'],
  [{ messages: [TEXT.messages[0], { type: 'text', text: 'x'.repeat(5_001) }] }, 'messages[1].text'],
  [{ messages: [{ type: 'shout', text: 'x' }] }, 'messages[0].type'],
  [
    { messages: [{ type: 'text', text: 'x', quickReply: { items: Array(14).fill({}) } }] },
    'messages[0].quickReply.items',
  ],
  [
    {
      messages: [
        {
          type: 'template',
          altText: 'a',
          template: { type: 'buttons', text: 'x', actions: Array(5).fill({ type: 'uri', uri: 'https://x' }) },
        },
      ],
    },
    'messages[0].template.actions',
  ],
  [
    { messages: [{ type: 'image', originalContentUrl: 'http://x', previewImageUrl: 'https://x' }] },
    'messages[0].originalContentUrl',
  ],
  [{ messages: [{ type: 'text', text: '😀$', emojis: [{ index: 2 }, { index: 1 }] }] }, 'messages[0].emojis[1].index'],
  [{ messages: [{ type: 'textV2', text: '{a} {b}', substitution: { a: {} } }] }, 'messages[0].text'],
  [{ messages: [{ type: 'textV2', text: 'a } b' }] }, 'messages[0].text'],
  [{ customAggregationUnits: ['a', 'b'] }, 'customAggregationUnits'],
  [{ customAggregationUnits: ['a-b'] }, 'customAggregationUnits[0]'],
])('wrong content is refused with the property that is wrong: %j', async (more, property) => {
  const sim = await running();
  const { status, json } = await sim.push(user(1), undefined, more);
  expect(status).toBe(400);
  expect(json.message).toBe(`The request body has ${json.details.length} error(s)`);
  expect(json.details.map((detail: { property: string }) => detail.property)).toEqual([property]);
  expect(await sim.ledger()).toEqual([]);
});

test('the longest content is taken: 5,000 UTF-16 units, 5 messages, 500 people', async () => {
  const sim = await running();
  const messages = Array(5).fill({ type: 'text', text: '😀'.repeat(2_500) });
  const people = Array.from({ length: 500 }, (_, n) => user(n));
  expect((await sim.multicast(people, KEY, { messages })).json).toEqual({});
  expect(await sim.ledger()).toHaveLength(500);
  const tooMany = await sim.multicast([...people, user(500)]);
  expect([tooMany.status, tooMany.json.details[0]!.property]).toEqual([400, 'to']);
});

test('tokens, paths, bodies and media types', async () => {
  const sim = await running();
  const body = { to: user(1), ...TEXT };
  const path = '/v2/bot/message/push';
  const noToken = await fetch(sim.url + path, { method: 'POST', body: JSON.stringify(body) });
  expect([noToken.status, await noToken.text()]).toEqual([401, expect.stringContaining('Authentication failed')]);
  expect((await sim.call('POST', path, { token: 'bad-token', body })).status).toBe(401);
  expect((await sim.call('POST', '/v2/bot/message/nothing', { body })).status).toBe(404);
  expect((await sim.call('POST', '/v2/bot/message/broadcast', { body: TEXT })).status).toBe(403);
  expect((await sim.call('POST', path, { body: '{' })).status).toBe(400);
  expect((await sim.call('POST', path, { body, headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  const huge = { ...body, padding: 'x'.repeat(2 * 1024 * 1024) };
  expect((await sim.call('POST', path, { body: huge })).status).toBe(413);
  expect(await sim.ledger()).toEqual([]);
});

test('users: blocked and deleted are accepted silently, unknown and malformed are refused', async () => {
  const sim = await running();
  for (const [n, state] of ['blocked', 'deleted', 'unknown'].entries())
    await sim.admin('users', { provider: 'line', users: [user(n)], state });
  expect((await sim.push(user(0))).status).toBe(200);
  expect((await sim.push(user(1))).status).toBe(200);
  expect((await sim.push(user(2))).json).toEqual({ message: 'Failed to send messages' });
  const malformed = await sim.push('U123');
  expect([malformed.status, malformed.json.message]).toEqual([
    400,
    `The property, 'to', in the request body is invalid (line: -, column: -)`,
  ]);
  expect(await sim.ledger()).toEqual([]);
  expect(await sim.ledger('?reached=false')).toHaveLength(2);
  for (const [n, status] of [404, 404, 404, 200].entries())
    expect((await sim.call('GET', `/v2/bot/profile/${user(n)}`)).status).toBe(status);
});

test('one unknown id refuses a whole multicast, or is skipped when so switched', async () => {
  const sim = await running();
  await sim.admin('users', { provider: 'line', sender: 'shop', users: [user(2)], state: 'unknown' });
  expect((await sim.multicast([user(1), user(2)], KEY)).status).toBe(400);
  expect(await sim.ledger()).toEqual([]);
  await sim.admin('switches', { unknownInMulticast: 'skip' });
  expect((await sim.multicast([user(1), user(2)], KEY)).status).toBe(200);
  expect((await sim.ledger()).map(({ recipient }) => recipient)).toEqual([user(1)]);
});

test('the same id twice in one multicast is a broken contract', async () => {
  const sim = await running();
  await sim.multicast([user(1), user(1)], KEY);
  expect((await sim.get('/__sim/summary')).contractViolations).toEqual({ duplicate_recipients: 1 });
});

test('quota: counts people reached, refuses what exceeds it as a whole, turns with the month', async () => {
  const sim = await running();
  expect(await sim.get('/v2/bot/message/quota')).toEqual({ type: 'none' });
  await sim.admin('quota', { sender: 'shop', value: 3 });
  await sim.admin('users', { provider: 'line', users: [user(9)], state: 'blocked' });
  expect(await sim.get('/v2/bot/message/quota')).toEqual({ type: 'limited', value: 3 });
  await sim.multicast([user(1), user(2), user(9)]);
  expect(await sim.get('/v2/bot/message/quota/consumption')).toEqual({ totalUsage: 2 });
  const over = await sim.multicast([user(3), user(4)], KEY);
  expect([over.status, over.json.message]).toEqual([429, 'You have reached your monthly limit.']);
  expect((await sim.push(user(3), KEY)).status).toBe(200);
  expect((await sim.push(user(4))).status).toBe(429);
  await sim.admin('clock', { advanceMs: 32 * DAY_MS });
  expect((await sim.push(user(4))).status).toBe(200);
});

test('quota: partial, when so switched, reaches the first of the list', async () => {
  const sim = await running();
  await sim.admin('quota', { value: 1, onExceed: 'partial' });
  expect((await sim.multicast([user(1), user(2)])).status).toBe(200);
  expect((await sim.ledger()).map(({ recipient }) => recipient)).toEqual([user(1)]);
});

test('followers come in pages shorter than asked for, and all of them', async () => {
  const sim = await running();
  const friends = Array.from({ length: 25 }, (_, n) => user(n));
  await sim.admin('users', { provider: 'line', users: friends, state: 'friend' });
  await sim.admin('users', { provider: 'line', users: [user(99)], state: 'blocked' });
  const found: string[] = [];
  let start = '';
  for (let pages = 0; pages < 10; pages++) {
    const page = await sim.get(`/v2/bot/followers/ids?limit=10${start && `&start=${start}`}`);
    expect(page.userIds.length).toBeLessThan(10);
    found.push(...page.userIds);
    if (!page.next) break;
    start = page.next;
  }
  expect(found).toEqual(friends);
  expect((await sim.call('GET', '/v2/bot/followers/ids?limit=1001')).status).toBe(400);
});

test('validation looks at messages only and reaches nobody', async () => {
  const sim = await running();
  expect((await sim.call('POST', '/v2/bot/message/validate/multicast', { body: TEXT })).status).toBe(200);
  const wrong = { messages: [{ type: 'text', text: '' }] };
  expect((await sim.call('POST', '/v2/bot/message/validate/push', { body: wrong })).json.details).toHaveLength(1);
  expect(await sim.get('/v2/bot/info')).toMatchObject({ userId: expect.stringMatching(/^U[0-9a-f]{32}$/) });
  expect(await sim.get('/__sim/summary')).toMatchObject({ accepted: 0, messages: 0 });
});
