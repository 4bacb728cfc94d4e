// The product's requests and readers against the simulated providers, which know nothing of each other.
import { expect, onTestFinished, test } from 'vitest';
import { openAccount, providerOf } from '../../../adapters/channels/providers.ts';
import type { ChannelKind } from '../../../contracts/channel-kinds.ts';
import type { ProviderAnswer } from '../../../ports/provider.ts';
import { phone, running, user, type RunningSimulator } from '../simulator/running-simulator.ts';

const KEY = '6f1d2c3b-0000-4000-8000-000000000001';
const TEMPLATE = JSON.stringify({
  type: 'template',
  template: { name: 'sale', language: { code: 'zh_TW' }, components: [] },
});
const TEXT = JSON.stringify({ messages: [{ type: 'text', text: 'Hi' }] });

/** Sends one equal message, as a broadcast would. */
function sender(sim: RunningSimulator, kind: ChannelKind): (...to: string[]) => Promise<ProviderAnswer> {
  const channel = {
    ...{ id: 'c', kind, senderId: '12345', secretEnv: 'TOKEN', rates: {}, defaultCountry: 'TW' },
    ...{ timeZone: 'Asia/Taipei', enabled: true, baseUrl: kind === 'line' ? sim.url : `${sim.url}/v23.0` },
  };
  const account = openAccount({ channel, secret: 'shop', connections: 1, timeoutMs: 10_000 });
  onTestFinished(() => account.close());
  const provider = providerOf(kind);
  const mode = provider.mode(false);
  return (...to) => {
    const body = provider.body(kind === 'line' ? TEXT : TEMPLATE, to, 'attempt-1', mode);
    return account.send(mode, { body, retryKey: kind === 'line' ? KEY : null, members: to.length, personal: false });
  };
}

test('WhatsApp: numbers and business-scoped ids are reached, each by its own field', async () => {
  const sim = await running();
  const send = sender(sim, 'whatsapp');
  const people = [`+${phone(1)}`, 'TW.13491208655302741918', 'TW.ENT.11815799212886844830'];
  for (const address of people)
    expect(await send(address)).toMatchObject({ class: 'accepted', messageId: expect.stringMatching(/^wamid\./) });
  expect((await sim.ledger()).map(({ recipient }) => recipient)).toEqual([phone(1), ...people.slice(1)]);
});

test('WhatsApp: an address that is none is refused alone, a wrong template for all', async () => {
  const sim = await running();
  const send = sender(sim, 'whatsapp');
  expect(await send('+12')).toMatchObject({ class: 'fail_recipient', about: 'recipient', code: '131009' });
  await sim.admin('templates', { templates: [{ name: 'other', language: 'zh_TW', status: 'approved' }] });
  expect(await send(`+${phone(1)}`)).toMatchObject({ class: 'fail_broadcast', about: 'broadcast', code: '132001' });
});

test.each([1, 2, 131000, 131016, 133004])('WhatsApp: error %i may be a lie, and is told as unclear', async (code) => {
  const sim = await running();
  await sim.admin('faults', { kind: 'accept-then-error', provider: 'whatsapp', code, count: 1 });
  const answer = await sender(sim, 'whatsapp')(`+${phone(1)}`);
  expect(answer).toMatchObject({ class: 'retry_backoff', code: String(code), unclear: true });
  expect(await sim.ledger()).toHaveLength(1);
});

test('WhatsApp: who has stopped messages is told as opted out', async () => {
  const sim = await running();
  await sim.admin('users', { provider: 'whatsapp', users: [phone(1)], state: 'stopped', sync: true });
  expect(await sender(sim, 'whatsapp')(`+${phone(1)}`)).toMatchObject({ class: 'fail_recipient', optedOut: true });
});

test('LINE: a 429 in other words, after the message was taken: the repeat with the same key finds that out', async () => {
  const sim = await running();
  const send = sender(sim, 'line');
  const fault = { kind: 'accept-then-error', provider: 'line', status: 429, message: 'Too many requests', count: 1 };
  await sim.admin('faults', fault);
  expect(await send(user(1), user(2))).toMatchObject({ class: 'retry_backoff', code: 'http_429', about: 'channel' });
  expect(await send(user(1), user(2))).toMatchObject({ class: 'accepted', code: 'accepted_before' });
  expect(await sim.ledger()).toHaveLength(2);
});
