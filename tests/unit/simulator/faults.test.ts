// Each fault does to the wire and to the ledger what its name says, to the requests it is meant for, and counts it.
import { expect, test } from 'vitest';
import { phone, running, TEXT, user, type RunningSimulator } from './running-simulator.ts';

const KEY = '6f1d2c3b-0000-4000-8000-000000000001';

const noAnswer = (sent: Promise<unknown>): Promise<boolean> =>
  sent.then(
    () => false,
    () => true,
  );
const faultsOf = async (sim: RunningSimulator): Promise<{ hits: number; lostAnswers: number }[]> =>
  (await sim.get('/__sim/faults')).faults;

/** A push whose caller can hang up. */
function impatient(sim: RunningSimulator): { sent: Promise<unknown>; hangUp: () => void } {
  const caller = new AbortController();
  const headers = { authorization: 'Bearer shop', 'content-type': 'application/json' };
  const body = JSON.stringify({ to: user(1), ...TEXT });
  const options = { method: 'POST', headers, body, signal: caller.signal };
  const sent = fetch(`${sim.url}/v2/bot/message/push`, options);
  // Looked at later; until then it is not unhandled.
  sent.catch(() => undefined);
  return { sent, hangUp: () => caller.abort() };
}

test('drop-before-accept: no answer, nothing accepted', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'drop-before-accept', count: 1 });
  expect(await noAnswer(sim.push(user(1), KEY))).toBe(true);
  expect(await sim.ledger()).toEqual([]);
  expect((await sim.push(user(1), KEY)).status).toBe(200);
  expect(await faultsOf(sim)).toMatchObject([{ hits: 1, lostAnswers: 0 }]);
});

test.each(['line', 'whatsapp'])('accept-then-drop: no answer, but the message is out (%s)', async (provider) => {
  const sim = await running();
  await sim.admin('faults', { kind: 'accept-then-drop', provider, count: 1 });
  const send = (): Promise<{ status: number }> =>
    provider === 'line' ? sim.push(user(1), KEY) : sim.whatsapp(phone(1));
  expect(await noAnswer(send())).toBe(true);
  expect(await sim.ledger()).toHaveLength(1);
  // A retry is answered 409 where keys are known, and sends a second time where they are not.
  expect((await send()).status).toBe(provider === 'line' ? 409 : 200);
  expect(await sim.ledger()).toHaveLength(provider === 'line' ? 1 : 2);
  expect(await sim.get('/__sim/faults')).toMatchObject({ lostAnswers: 1, faults: [{ hits: 1, lostAnswers: 1 }] });
});

test('accept-then-500: the answer lies, and names no Graph error', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'accept-then-500', count: 2 });
  const line = await sim.push(user(1), KEY);
  const whatsapp = await sim.whatsapp(phone(1));
  expect([line.status, whatsapp.status, whatsapp.json]).toEqual([500, 500, undefined]);
  expect(line.headers.get('x-line-request-id')).toBeTruthy();
  expect(await sim.ledger()).toHaveLength(2);
  expect(await faultsOf(sim)).toMatchObject([{ hits: 2, lostAnswers: 2 }]);
});

test('accept-then-error: taken and delivered, and answered by an error of the provider', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'accept-then-error', provider: 'whatsapp', code: 131000, count: 1 });
  const whatsapp = await sim.whatsapp(phone(1), { biz_opaque_callback_data: 'attempt-1' });
  expect([whatsapp.status, whatsapp.json.error?.code]).toEqual([500, 131000]);
  expect(await sim.ledger()).toMatchObject([{ recipient: phone(1), correlation: 'attempt-1' }]);
  expect(await sim.get('/__sim/summary')).toMatchObject({ requests: 1, accepted: 1, messages: 1, lostAnswers: 1 });
  // Nobody notices a second message.
  expect((await sim.whatsapp(phone(1))).status).toBe(200);
  expect(await sim.ledger()).toHaveLength(2);
  expect(await faultsOf(sim)).toMatchObject([{ hits: 1, lostAnswers: 1, code: 131000 }]);
});

test('accept-then-error: a status of its own; on LINE the key is used up, and a repeat is answered 409', async () => {
  const sim = await running();
  const both = [
    { kind: 'accept-then-error', provider: 'whatsapp', code: 2, status: 418, message: 'Try again', count: 1 },
    { kind: 'accept-then-error', provider: 'line', status: 429, message: 'Too many requests', count: 1 },
  ];
  await sim.admin('faults', { faults: both });
  const whatsapp = await sim.whatsapp(phone(1));
  expect([whatsapp.status, whatsapp.json.error?.code]).toEqual([418, 2]);
  const line = await sim.push(user(1), KEY);
  expect([line.status, line.json.message]).toEqual([429, 'Too many requests']);
  expect((await sim.push(user(1), KEY)).status).toBe(409);
  expect(await sim.ledger()).toHaveLength(2);
  const { text } = await sim.call('GET', '/__sim/arrivals');
  expect(
    text
      .split('\n')
      .slice(0, 2)
      .map((record) => JSON.parse(record) as unknown),
  ).toMatchObject([
    { accepted: true, status: 418, fault: 'accept-then-error' },
    { accepted: true, status: 429, fault: 'accept-then-error' },
  ]);
});

test('accept-then-timeout: accepted, and never answered', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'accept-then-timeout', count: 1 });
  const { sent, hangUp } = impatient(sim);
  await expect.poll(() => sim.ledger()).toHaveLength(1);
  sim.clock.advance(3_600_000);
  hangUp();
  await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
  expect(await faultsOf(sim)).toMatchObject([{ hits: 1, lostAnswers: 1 }]);
});

test('malformed-200: a success that cannot be read', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'malformed-200', count: 2 });
  const answers = [await sim.whatsapp(phone(1)), await sim.multicast([user(1)])];
  expect(answers.map(({ status, json }) => [status, json])).toEqual(Array(2).fill([200, undefined]));
  expect(await sim.ledger()).toHaveLength(2);
});

test('slow: accepted at once, answered late', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'slow', ms: 250, count: 1 });
  let answered = false;
  const sent = sim.push(user(1)).finally(() => (answered = true));
  await expect.poll(() => sim.ledger()).toHaveLength(1);
  sim.clock.advance(249);
  // Enough time for an answer that comes too early; one that does not come yet makes no test fail.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(answered).toBe(false);
  sim.clock.advance(1);
  expect((await sent).status).toBe(200);
});

test('a caller who hung up while it was slow has not heard the answer', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'slow', ms: 200, count: 1 });
  const { sent, hangUp } = impatient(sim);
  await expect.poll(() => sim.ledger()).toHaveLength(1);
  hangUp();
  await expect(sent).rejects.toThrow();
  // What is asked after the end of a connection is answered after it was noticed.
  for (let n = 0; n < 5; n++) await sim.get('/__sim/hold');
  sim.clock.advance(200);
  await expect.poll(async () => (await sim.get('/__sim/summary')).unheardAnswers).toBe(1);
  expect(await faultsOf(sim)).toMatchObject([{ lostAnswers: 1 }]);
});

test('rate-burst, token-expired, quota-zero, error: refused in the words of the provider, nothing accepted', async () => {
  const sim = await running();
  const once = async (fault: object, send: () => Promise<{ status: number; json: unknown }>): Promise<unknown[]> => {
    await sim.admin('faults', { ...fault, count: 1 });
    const { status, json } = await send();
    const { error, message } = json as { error?: { code: number }; message?: string };
    return [status, error?.code ?? message];
  };
  const line = (): Promise<{ status: number; json: unknown }> => sim.push(user(1), KEY);
  const whatsapp = (): Promise<{ status: number; json: unknown }> => sim.whatsapp(phone(1));
  expect(await once({ kind: 'rate-burst' }, line)).toEqual([429, expect.stringContaining('rate limit')]);
  expect((await once({ kind: 'rate-burst' }, whatsapp))[1]).toBe(130429);
  expect(await once({ kind: 'token-expired' }, line)).toEqual([401, expect.stringContaining('Authentication')]);
  expect(await once({ kind: 'token-expired' }, whatsapp)).toEqual([401, 190]);
  expect(await once({ kind: 'quota-zero' }, line)).toEqual([429, 'You have reached your monthly limit.']);
  expect(await once({ kind: 'error', provider: 'line', status: 503 }, line)).toEqual([503, 'Service unavailable']);
  expect((await once({ kind: 'error', provider: 'whatsapp', code: 131057 }, whatsapp))[1]).toBe(131057);
  expect(await sim.ledger()).toEqual([]);
  expect((await sim.push(user(1), KEY)).status).toBe(200);
});

test('hold: accepted and written before the answer, which comes when it is released', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'hold', count: 1 });
  let answered = false;
  const sent = sim.push(user(1), KEY).then((answer) => {
    answered = true;
    return answer;
  });
  await expect.poll(async () => (await sim.get('/__sim/hold')).held).toBe(1);
  expect(await sim.ledger()).toHaveLength(1);
  expect(answered).toBe(false);
  expect((await sim.admin('release', {})).json).toEqual({ released: 1 });
  expect((await sent).status).toBe(200);
});

test('hold-before-accept: nothing is accepted until it is released', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'hold-before-accept', count: 1 });
  const sent = sim.push(user(1), KEY);
  await expect.poll(async () => (await sim.get('/__sim/hold')).held).toBe(1);
  expect(await sim.ledger()).toEqual([]);
  // The record is of the acceptance, not of the arrival.
  sim.clock.advance(100);
  await sim.admin('release', { count: 1 });
  expect((await sent).status).toBe(200);
  const [record] = await sim.ledger();
  expect(record!.at).toBe(sim.clock.nowUs());
});

test('down: the port refuses for so long, then answers again with all it knew', async () => {
  const sim = await running();
  await sim.push(user(1), KEY);
  await sim.admin('faults', { kind: 'down', forMs: 300 });
  await expect.poll(() => noAnswer(sim.push(user(1), KEY)), { interval: 10 }).toBe(true);
  const refused = await sim
    .push(user(1), KEY)
    .catch((error: Error & { cause?: { code?: string } }) => error.cause?.code);
  expect(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']).toContain(refused);
  sim.clock.advance(300);
  await expect.poll(() => noAnswer(sim.push(user(1), KEY)), { timeout: 3_000 }).toBe(false);
  expect((await sim.push(user(1), KEY)).status).toBe(409);
});

test('down, destroying: provider paths are cut, the admin API goes on', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'down', mode: 'destroy' });
  expect(await noAnswer(sim.push(user(1)))).toBe(true);
  expect((await sim.call('DELETE', '/__sim/faults')).json).toEqual({ removed: 1 });
  expect((await sim.push(user(1))).status).toBe(200);
});

test('a fault strikes whom its selectors name', async () => {
  const sim = await running();
  const struck = async (fault: object, sends: (() => Promise<{ status: number }>)[]): Promise<boolean[]> => {
    await sim.admin('faults', { kind: 'token-expired', ...fault });
    const hits: boolean[] = [];
    for (const send of sends) hits.push((await send()).status === 401);
    await sim.call('DELETE', '/__sim/faults');
    return hits;
  };
  const pushes = Array.from({ length: 6 }, (_, n) => () => sim.push(user(n)));
  const [, x] = [false, true];
  expect(await struck({ every: 3 }, pushes)).toEqual([false, false, x, false, false, x]);
  expect(await struck({ skip: 1, count: 2 }, pushes)).toEqual([false, x, x, false, false, false]);
  expect(await struck({ recipient: user(4) }, pushes)).toEqual([false, false, false, false, x, false]);
  expect(await struck({ provider: 'whatsapp' }, [pushes[0]!, () => sim.whatsapp(phone(1))])).toEqual([false, x]);
  expect(await struck({ endpoint: 'multicast' }, [pushes[0]!, () => sim.multicast([user(1)])])).toEqual([false, x]);
  expect(
    await struck({ sender: '777' }, [() => sim.whatsapp(phone(1)), () => sim.whatsapp(phone(1), {}, '777')]),
  ).toEqual([false, x]);
  const many = Array.from({ length: 40 }, (_, n) => () => sim.push(user(n)));
  const chance = await struck({ probability: 0.5, seed: 7 }, many);
  expect(chance.filter(Boolean).length).toBeGreaterThan(8);
  expect(chance.filter(Boolean).length).toBeLessThan(32);
  expect(await struck({ probability: 0.5, seed: 7 }, many)).toEqual(chance);
});

test('a fault with a time ends by itself', async () => {
  const sim = await running();
  await sim.admin('faults', { kind: 'rate-burst', forMs: 1_500 });
  expect((await sim.push(user(1))).status).toBe(429);
  sim.clock.advance(1_499);
  expect((await sim.push(user(1))).status).toBe(429);
  sim.clock.advance(1);
  expect((await sim.push(user(1))).status).toBe(200);
});

test.each([
  { kind: 'nonsense' },
  { kind: 'slow' },
  { kind: 'down' },
  { kind: 'error' },
  { kind: 'error', provider: 'line' },
  { kind: 'accept-then-error', code: 131000 },
  { kind: 'accept-then-error', provider: 'whatsapp' },
  { kind: 'accept-then-error', provider: 'line', code: 131000 },
  { kind: 'quota-zero', provider: 'whatsapp' },
  { kind: 'hold', reciepient: 'x' },
  { kind: 'hold', every: 0 },
])('a fault that cannot do what it says is refused: %j', async (fault) => {
  const sim = await running();
  const answer = await sim.admin('faults', fault);
  expect([answer.status, typeof answer.json.error]).toEqual([400, 'string']);
  expect(await faultsOf(sim)).toEqual([]);
});
