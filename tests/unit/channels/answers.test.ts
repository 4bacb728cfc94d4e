// The tables of what providers' answers mean.
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../adapters/channels/exchange.ts';
import { readLineAnswer } from '../../../adapters/channels/line/answers.ts';
import { readWhatsAppAnswer } from '../../../adapters/channels/whatsapp/answers.ts';

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Exchange => ({
  kind: 'answer',
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('LINE', () => {
  const to = { message: "The property, 'to', in the request body is invalid (line: -, column: -)" };
  const text = { message: 'The request body has 1 error(s)', details: [{ property: 'messages[0].text' }] };
  const cases: [string, Exchange, { members?: number; personal?: boolean }, object][] = [
    ['200', answer(200, {}), {}, { class: 'accepted' }],
    ['push with id', answer(200, { sentMessages: [{ id: '9' }] }), {}, { class: 'accepted', messageId: '9' }],
    ['malformed 200', answer(200, '<html>'), {}, { class: 'accepted', code: 'malformed_200' }],
    ['409', answer(409, { message: 'The retry key is already accepted' }), {}, { class: 'accepted' }],
    ['content, equal', answer(400, text), {}, { class: 'fail_broadcast', about: 'broadcast' }],
    ['content, personal', answer(400, text), { personal: true }, { class: 'fail_recipient', about: 'recipient' }],
    ['to of one', answer(400, to), {}, { class: 'fail_recipient', about: 'recipient' }],
    ['to of many', answer(400, to), { members: 9 }, { class: 'fail_recipient', about: 'member' }],
    ['unknown user', answer(400, { message: 'Failed to send messages' }), { members: 9 }, { about: 'member' }],
    ['token', answer(401, { message: 'Authentication failed' }), {}, { class: 'pause_channel', code: 'token' }],
    ['plan', answer(403, { message: 'Access to this API is not available' }), {}, { class: 'fail_broadcast' }],
    [
      'rate',
      answer(429, { message: 'The API rate limit has been exceeded.' }),
      {},
      { class: 'retry_backoff', about: 'rate' },
    ],
    [
      'quota',
      answer(429, { message: 'You have reached your monthly limit.' }),
      {},
      { class: 'pause_channel', code: 'quota' },
    ],
    ['500', answer(500, ''), {}, { class: 'ambiguous', code: 'http_500' }],
    ['refused', { kind: 'not_sent', code: 'connect_refused' }, {}, { class: 'retry_backoff', about: 'channel' }],
    ['reset', { kind: 'unknown', code: 'socket' }, {}, { class: 'ambiguous', code: 'socket' }],
  ];
  test.each(cases)('%s', (_, exchange, { members = 1, personal = false }, expected) => {
    expect(readLineAnswer(exchange, members, personal)).toMatchObject(expected);
  });
  test('keeps the request id', () => {
    expect(readLineAnswer(answer(200, {}, { 'x-line-request-id': 'r1' }), 1, false).requestId).toBe('r1');
  });
});

describe('WhatsApp', () => {
  const error = (code: number, status = 400, headers = {}) =>
    answer(status, { error: { code, message: 'x', fbtrace_id: 't' } }, headers);
  const cases: [string, Exchange, boolean, object][] = [
    ['200', answer(200, { messages: [{ id: 'wamid.1' }] }), false, { class: 'accepted', messageId: 'wamid.1' }],
    ['malformed 200', answer(200, '{'), false, { class: 'accepted', code: 'malformed_200', messageId: null }],
    ['throughput, whatever the status', error(130429, 429), false, { class: 'retry_backoff', about: 'rate' }],
    ['pair', error(131056), false, { class: 'retry_after', about: 'recipient' }],
    ['token', error(190, 401), false, { class: 'pause_channel', about: 'channel' }],
    ['permission', error(250), false, { class: 'pause_channel' }],
    ['maintenance', error(131057), false, { class: 'pause_channel', waitMs: 60_000 }],
    ['opted out', error(131050), false, { class: 'fail_recipient', code: '131050' }],
    ['template', error(132001), true, { class: 'fail_broadcast' }],
    ['parameters, equal', error(132000), false, { class: 'fail_broadcast' }],
    ['parameters, personal', error(132000), true, { class: 'fail_recipient' }],
    ['outage', error(2, 500), false, { class: 'retry_backoff', about: 'recipient' }],
    ['a code nobody knows', error(987654), false, { class: 'fail_recipient', code: '987654' }],
    ['asked to wait', error(131056, 429, { 'retry-after': '7' }), false, { waitMs: 7_000 }],
    ['bad gateway', answer(502, '<html>'), false, { class: 'ambiguous', code: 'http_502' }],
    ['reset', { kind: 'unknown', code: 'socket' }, false, { class: 'ambiguous' }],
    ['refused', { kind: 'not_sent', code: 'connect_refused' }, false, { class: 'retry_backoff', about: 'channel' }],
  ];
  test.each(cases)('%s', (_, exchange, personal, expected) => {
    expect(readWhatsAppAnswer(exchange, personal)).toMatchObject(expected);
  });
});
