// Webhooks are signed as the providers sign them, tell the truth about each message, and come late, twice, out of order.
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { phone, running, user, type RunningSimulator } from './running-simulator.ts';

const SECRET = 'app-secret';

interface Status {
  id: string;
  status: string;
  [name: string]: unknown;
}

interface Change {
  statuses: Status[];
  messages: unknown[];
  user_preferences?: unknown[];
}

interface Received {
  headers: Record<string, unknown>;
  raw: string;
  /** LINE's has events, WhatsApp's an entry. */
  body: { events: ({ type: string } | undefined)[]; entry: { changes: { value: Change }[] }[] };
}

async function receiver(answer: (n: number) => number = () => 200): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let raw = '';
    request.on('data', (chunk: Buffer) => (raw += chunk.toString()));
    request.on('end', () => {
      received.push({
        headers: request.headers,
        raw,
        body: JSON.parse(raw) as Received['body'],
      });
      response.writeHead(answer(received.length)).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

const changeOf = ({ body }: Received): Change => body.entry[0]!.changes[0]!.value;
const statuses = (received: Received[]): Status[] => received.flatMap((post) => changeOf(post).statuses);

const QUICK = {
  minDelayMs: 0,
  maxDelayMs: 20,
  delivered: 1,
  read: 1,
  deliveredSkipped: 0,
  duplicated: 0,
  reordered: 0,
};

async function withWebhook(rules: object = {}, answer?: (n: number) => number) {
  const { url, received } = await receiver(answer);
  const sim = await running();
  await sim.admin('webhook', { provider: 'whatsapp', url, secret: SECRET });
  await sim.admin('delivery', { ...QUICK, ...rules });
  return { sim, received };
}

/** Time goes on until nothing is to be reported any more. All that falls due in one step is one POST, in order. */
const settled = (sim: RunningSimulator): Promise<void> =>
  expect
    .poll(
      async () => {
        sim.clock.advance(1_000);
        return (await sim.get('/__sim/summary')).webhooks.waiting;
      },
      { timeout: 20_000 },
    )
    .toBe(0);

test('a message is reported sent, delivered and read, in signed bytes, with its reference', async () => {
  const { sim, received } = await withWebhook();
  const { json } = await sim.whatsapp(phone(1), { biz_opaque_callback_data: 'attempt-1' });
  await settled(sim);
  const reports = statuses(received);
  expect(reports.map(({ status }) => status)).toEqual(['sent', 'delivered', 'read']);
  for (const report of reports)
    expect(report).toMatchObject({
      ...{ id: json.messages[0]!.id, recipient_id: phone(1), biz_opaque_callback_data: 'attempt-1' },
      timestamp: expect.stringMatching(/^\d{10}$/),
    });
  expect(reports.map((report) => 'pricing' in report)).toEqual([true, true, false]);
  for (const { headers, raw } of received)
    expect(headers['x-hub-signature-256']).toBe(`sha256=${createHmac('sha256', SECRET).update(raw).digest('hex')}`);
});

test('without a reference none is echoed; without a webhook nothing is sent', async () => {
  const { sim, received } = await withWebhook();
  await sim.whatsapp(phone(1));
  await settled(sim);
  expect(statuses(received).some((report) => 'biz_opaque_callback_data' in report)).toBe(false);
  await sim.admin('webhook', { provider: 'whatsapp', url: null });
  const before = received.length;
  await sim.whatsapp(phone(1));
  await settled(sim);
  expect(received.length).toBe(before);
});

test('who cannot be reached is reported failed with the code, who blocked us stays at sent', async () => {
  const { sim, received } = await withWebhook();
  await sim.admin('users', { provider: 'whatsapp', users: [phone(1)], state: 'undeliverable' });
  await sim.admin('users', { provider: 'whatsapp', users: [phone(2)], state: 'blocked' });
  await sim.whatsapp(phone(1));
  await sim.whatsapp(phone(2));
  await settled(sim);
  const of = (n: number): Status[] => statuses(received).filter(({ recipient_id }) => recipient_id === phone(n));
  expect(of(1).at(-1)).toMatchObject({ status: 'failed', errors: [{ code: 131026 }] });
  expect(of(2).map(({ status }) => status)).toEqual(['sent']);
});

test('messages fail by chance when told so, and those that do are not in the ledger', async () => {
  const { sim, received } = await withWebhook({ failed: 0.5, failedCodes: [131049] });
  for (let n = 0; n < 30; n++) await sim.whatsapp(phone(n));
  await settled(sim);
  const failed = new Set(
    statuses(received).flatMap(({ status, recipient_id }) => (status === 'failed' ? [recipient_id] : [])),
  );
  const reached = (await sim.ledger()).map(({ recipient }) => recipient);
  expect(failed.size).toBeGreaterThan(5);
  expect(reached.length + failed.size).toBe(30);
  expect(reached.some((recipient) => failed.has(recipient))).toBe(false);
});

test('what is not answered by 200 is sent again with the same bytes', async () => {
  const { sim, received } = await withWebhook({ delivered: 0 }, (n) => (n === 1 ? 500 : 200));
  await sim.whatsapp(phone(1));
  await settled(sim);
  expect(received).toHaveLength(2);
  expect(received[1]!.raw).toBe(received[0]!.raw);
  expect((await sim.get('/__sim/summary')).webhooks).toMatchObject({
    delivered: 1,
    posts: 2,
    repeatedPosts: 1,
    lost: 0,
  });
});

test('faults: duplicate, drop, reorder and delay', async () => {
  const { sim, received } = await withWebhook();
  const course = async (fault: object): Promise<string[]> => {
    received.length = 0;
    await sim.admin('faults', fault);
    await sim.whatsapp(phone(1));
    await settled(sim);
    await sim.call('DELETE', '/__sim/faults');
    return statuses(received).map(({ status }) => status);
  };
  expect((await course({ kind: 'webhook-duplicate' })).sort()).toEqual(
    ['delivered', 'delivered', 'read', 'read', 'sent', 'sent'].sort(),
  );
  expect(await course({ kind: 'webhook-drop', count: 1 })).toEqual(['delivered', 'read']);
  await sim.admin('delivery', { minDelayMs: 0, maxDelayMs: 600 });
  const reordered = await course({ kind: 'webhook-reorder' });
  expect(reordered).toHaveLength(3);
  expect(reordered.indexOf('read')).toBeLessThan(2);
  await sim.admin('delivery', { minDelayMs: 0, maxDelayMs: 0 });
  expect(await course({ kind: 'webhook-delay', ms: 300, count: 1 })).toEqual(['delivered', 'read', 'sent']);
});

test('webhook-before-response: the report is there before the answer', async () => {
  const { sim, received } = await withWebhook({ minDelayMs: 2_000, maxDelayMs: 2_000 });
  await sim.admin('faults', { kind: 'webhook-before-response', count: 1, ms: 400 });
  let answered = false;
  const sent = sim.whatsapp(phone(1), { biz_opaque_callback_data: 'a' }).finally(() => (answered = true));
  await expect.poll(() => sim.ledger(), { timeout: 20_000 }).toHaveLength(1);
  sim.clock.advance(399);
  await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1);
  expect(answered).toBe(false);
  sim.clock.advance(1);
  const { json } = await sent;
  expect(statuses(received)).toMatchObject([{ id: json.messages[0]!.id, status: 'sent' }]);
});

test('LINE tells who follows and who blocks, signed; and sends no delivery reports', async () => {
  const { url, received } = await receiver();
  const sim = await running();
  await sim.admin('webhook', { provider: 'line', sender: 'shop', url, secret: SECRET });
  const act = (type: string, more: object = {}): Promise<unknown> =>
    sim.admin('events', { provider: 'line', sender: 'shop', type, user: user(1), ...more });
  await act('unfollow');
  await sim.push(user(1));
  expect(await sim.ledger()).toEqual([]);
  await act('follow', { redeliver: true });
  await sim.push(user(1));
  expect(await sim.ledger()).toHaveLength(1);
  await act('probe');
  const events = received.map(({ body }) => body.events[0]);
  expect(events.map((event) => event?.type)).toEqual(['unfollow', 'follow', 'follow', undefined]);
  expect(events[0]).not.toHaveProperty('replyToken');
  expect(events[1]).toMatchObject({ follow: { isUnblocked: true }, source: { userId: user(1) } });
  expect(events[2]).toEqual({ ...events[1], deliveryContext: { isRedelivery: true } });
  for (const { headers, raw } of received)
    expect(headers['x-line-signature']).toBe(createHmac('sha256', SECRET).update(raw).digest('base64'));
});

test('a WhatsApp user who writes opens the window; one who stops marketing gets none', async () => {
  const { sim, received } = await withWebhook();
  const act = (body: object): Promise<unknown> =>
    sim.admin('events', { provider: 'whatsapp', sender: '12345', user: phone(1), ...body });
  await act({ type: 'message', text: 'Hi' });
  expect((await sim.whatsapp(phone(1), { type: 'text', text: { body: 'Hello' } })).status).toBe(200);
  await act({ type: 'preferences', value: 'stop' });
  await sim.whatsapp(phone(1));
  await settled(sim);
  const values = received.map(changeOf);
  expect(values[0]!.messages[0]).toMatchObject({ from: phone(1), text: { body: 'Hi' } });
  expect(values.find((value) => value.user_preferences)?.user_preferences?.[0]).toMatchObject({ value: 'stop' });
  expect(await sim.ledger()).toHaveLength(1);
});
