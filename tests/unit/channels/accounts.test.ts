// An account at a provider: a send resolves whatever is answered, and what LINE is asked is read without trusting it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openAccount, providerOf } from '../../../adapters/channels/providers.ts';
import { sendOnce } from '../../../adapters/channels/send-once.ts';
import type { ChannelKind } from '../../../contracts/channel-kinds.ts';
import type { ProviderAccount } from '../../../ports/provider.ts';

/** A server that says what it is told to, by path. */
async function saying(status: number, bodies: Record<string, string | Buffer>): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    const found = Object.entries(bodies).find(([path]) => request.url?.endsWith(path));
    response.writeHead(status, { 'content-type': 'application/json' }).end(found?.[1] ?? '{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function account(kind: ChannelKind, baseUrl: string): ProviderAccount {
  const channel = {
    ...{ id: 'c', kind, baseUrl, senderId: '12345', secretEnv: 'TOKEN', rates: {} },
    ...{ defaultCountry: 'TW', timeZone: 'Asia/Taipei', enabled: true },
  };
  const opened = openAccount({ channel, secret: 'token', connections: 1, timeoutMs: 10_000 });
  onTestFinished(() => opened.close());
  return opened;
}

const mode = (kind: ChannelKind) => providerOf(kind).mode(true);
const request = { body: '{}', retryKey: null, members: 1, personal: true };

test.each(['line', 'whatsapp'] as const)('a send resolves, whatever the answer is made of (%s)', async (kind) => {
  const bodies = ['null', '[]', '{"error":null}', '{"details":[null,3]}', Buffer.from([0xff, 0, 0xfe])];
  for (const status of [200, 400, 500])
    for (const body of bodies) {
      const url = await saying(status, { '': body });
      const found = await account(kind, url).send(mode(kind), request);
      expect(typeof found.class).toBe('string');
    }
});

test('an error while an answer is read leaves the send ambiguous: it may have been taken', async () => {
  const exchange = { kind: 'answer', status: 200, headers: {}, body: '{}' } as const;
  const unreadable = { class: 'ambiguous', code: 'unreadable', about: 'channel', unclear: false, optedOut: false };
  const failing = (): never => {
    throw new TypeError('unforeseen');
  };
  expect(await sendOnce(() => Promise.resolve(exchange), failing)).toMatchObject(unreadable);
  expect(await sendOnce(() => Promise.reject(new Error('unforeseen')), failing)).toMatchObject(unreadable);
  expect(await sendOnce(failing, failing)).toMatchObject(unreadable);
});

test.each([
  ['null', 'LINE refuses it without saying why'],
  ['{"message":5,"details":{"a":1}}', 'LINE refuses it without saying why'],
  ['{"message":"Wrong","details":[null,3]}', 'Wrong'],
  ['{"details":[{"message":7,"property":{}}]}', 'refused'],
  [`{"details":[{"message":"a\\u0000b${'c'.repeat(1_000)}"}]}`, `ab${'c'.repeat(197)}`],
])('LINE asked about a message, answering 400 %s', async (body, problem) => {
  const url = await saying(400, { '/validate/push': body });
  const found = await account('line', url).validate(mode('line'), '{}');
  expect(found).toEqual([{ path: 'messages', problem }]);
});

test.each<[string, string, number | null]>([
  ['{"type":"limited","value":1000}', '{"totalUsage":400}', 600],
  ['{"type":"limited","value":1000}', '{"totalUsage":4000}', 0],
  ['{"type":"none"}', '{}', null],
  ['null', '{}', null],
  ['[]', '{}', null],
  ['{"type":"limited","value":"1000"}', '{"totalUsage":1}', null],
  ['{"type":"limited","value":1e999}', '{"totalUsage":1}', null],
  ['{"type":"limited","value":1000}', 'null', null],
  ['{"type":"limited","value":1000}', '{"totalUsage":-1e999}', null],
])('LINE asked about its quota, answering %s and %s', async (quota, consumption, left) => {
  const url = await saying(200, { '/quota': quota, '/quota/consumption': consumption });
  expect(await account('line', url).quotaLeft()).toBe(left);
});
