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
    // Not known what it is about: the breaker opens after some in a row, as it does for what is wrong with the channel.
    [
      '429 with another text',
      answer(429, { message: 'Too many concurrent requests' }),
      {},
      { class: 'retry_backoff', code: 'http_429', about: 'channel' },
    ],
    ['429 without a text', answer(429, ''), {}, { class: 'retry_backoff', code: 'http_429', about: 'channel' }],
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

  test.each([1, 2, 131000, 131016, 133004])('%i says "try again", and not that nothing was taken', (code) => {
    const expected = { class: 'retry_backoff', about: 'recipient', unclear: true, optedOut: false };
    expect(readWhatsAppAnswer(error(code, 500), false)).toMatchObject(expected);
  });
  test.each([130429, 131056, 190, 131026, 132001, 987654])('%i is a clear refusal', (code) => {
    expect(readWhatsAppAnswer(error(code), false)).toMatchObject({ unclear: false, optedOut: false });
  });
  test('131050: the person has stopped messages from this sender', () => {
    expect(readWhatsAppAnswer(error(131050), false)).toMatchObject({ optedOut: true, unclear: false });
  });

  const taken = (contacts: unknown) =>
    readWhatsAppAnswer(answer(200, { contacts, messages: [{ id: 'wamid.1' }] }), false);
  test.each<[string, unknown, string | undefined]>([
    ['Mexico', [{ input: '+525512345678', wa_id: '5215512345678' }], '5215512345678'],
    ['Argentina', [{ input: '+54 11 2345-6789', wa_id: '5491123456789' }], '5491123456789'],
    ['Brazil', [{ input: '5531987654321', wa_id: '553187654321' }], '553187654321'],
    ['a number written as a number', [{ input: '+525512345678', wa_id: 5215512345678 }], '5215512345678'],
    ['the number it was sent to', [{ input: '+886912345678', wa_id: '886912345678' }], undefined],
    ['an id that is no number', [{ input: 'TW.1349120865', wa_id: '1349120865' }], undefined],
    ['an id for a hidden number', [{ input: 'TW.1349120865', user_id: 'TW.1349120865' }], undefined],
    ['something else', [{ input: '+525512345678', wa_id: 'a name' }], undefined],
    ['too much', [{ input: '+525512345678', wa_id: '1'.repeat(40) }], undefined],
    ['nothing', [], undefined],
    ['no list', 'x', undefined],
  ])('the account that took it: %s', (_, contacts, expected) => {
    const found = taken(contacts);
    expect(found).toMatchObject({ class: 'accepted', messageId: 'wamid.1' });
    expect(found.whatsappId).toBe(expected);
  });
  test('a refusal names no account', () => {
    const contacts = [{ input: '+525512345678', wa_id: '5215512345678' }];
    expect(readWhatsAppAnswer(answer(400, { contacts, error: { code: 131026 } }), false).whatsappId).toBeUndefined();
  });

  const explained = (code: number, details: string, message = `(#${code}) Parameter value is not valid`) =>
    readWhatsAppAnswer(answer(400, { error: { code, message, error_data: { details } } }), false);
  test.each([
    'to is not a valid WhatsApp user',
    "Parameter 'to' is invalid",
    'The parameter to is required.',
    'Param to must be a valid phone number',
    'Recipient phone number not valid',
    'recipient is not a valid business-scoped user ID',
    'Required parameter to or recipient is missing',
    'Invalid phone number',
    'phone_number is not in E.164 form',
    'The user ID does not exist',
    'Sender and recipient phone number is the same.',
    'Business phone number 123 cannot message this recipient',
  ])('parameter faults that name the recipient are about it alone, also for an equal message: %s', (details) => {
    for (const code of [100, 131008, 131009])
      expect(explained(code, details)).toMatchObject({
        ...{ class: 'fail_recipient', about: 'recipient', code: String(code) },
      });
    expect(explained(132000, details)).toMatchObject({ class: 'fail_broadcast' });
  });
  test.each([
    'One or more parameter values are invalid.',
    'The business phone number has been deleted.',
    'Business phone number is not registered',
    'phone number id 1234 does not exist',
    'Invalid phone_number_id',
    'phone-number-id is missing',
    'Your phone number is not allowed to send this',
    'Sender phone number is not valid',
    'The from phone number is not valid',
    'recipient_type must be individual',
    'Invalid recipient type',
    "Parameter 'text' is mandatory for component parameter type 'text'",
    'Parameter of type text is missing text value',
    'Template parameter phone number is not valid',
    'components[1]: button of type PHONE_NUMBER has no phone number',
    'contacts[0].phones[0]: phone number is missing',
    'Unable to find the template to send',
    'Param messaging_product must be whatsapp',
    'text.body is too long; refer to the documentation',
    '',
  ])('others are about the message, and so about everybody: %s', (details) => {
    for (const code of [100, 131008, 131009])
      expect(explained(code, details)).toMatchObject({ class: 'fail_broadcast', about: 'broadcast' });
  });
  test('where there are no details, the message counts', () => {
    for (const message of ['(#100) Param to must be a valid number', '(#100) to is not a number']) {
      const found = readWhatsAppAnswer(answer(400, { error: { code: 100, message } }), false);
      expect(found).toMatchObject({ class: 'fail_recipient', code: '100' });
    }
  });
  test('131062: an id where a number is needed is the recipient’s matter', () => {
    expect(readWhatsAppAnswer(error(131062), false)).toMatchObject({ class: 'fail_recipient', about: 'recipient' });
  });
});
