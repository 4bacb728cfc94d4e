// The simulated WhatsApp: no duplicate is noticed, errors come in Graph's envelope, templates and windows are held to.
import { expect, test } from 'vitest';
import { FREE_TEXT, phone, running, templateMessage } from './running-simulator.ts';

test('two equal posts are two messages', async () => {
  const sim = await running();
  const first = await sim.whatsapp(`+${phone(1)}`, { biz_opaque_callback_data: 'attempt, "1";\n%' });
  const second = await sim.whatsapp(`+${phone(1)}`, { biz_opaque_callback_data: 'attempt, "1";\n%' });
  expect(first.json).toEqual({
    messaging_product: 'whatsapp',
    contacts: [{ input: `+${phone(1)}`, wa_id: phone(1) }],
    messages: [{ id: expect.stringMatching(/^wamid\.\w+$/), message_status: 'accepted' }],
  });
  const records = await sim.ledger();
  expect(records.map(({ messageId }) => messageId)).toEqual([first.json.messages[0]!.id, second.json.messages[0]!.id]);
  expect(records[0]).toMatchObject({ recipient: phone(1), correlation: 'attempt, "1";\n%', sender: '12345' });
  expect(records[0]!.contentHash).toBe(records[1]!.contentHash);
  expect(new Set(records.map(({ messageId }) => messageId)).size).toBe(2);
  expect(await sim.get('/__sim/summary')).toMatchObject({
    ...{ messages: 2, distinctRecipients: 1, duplicatesByCorrelation: 1, duplicatesByContent: 1 },
  });
});

test('the content hash is of the content, not of recipient or reference', async () => {
  const sim = await running();
  await sim.whatsapp(phone(1), { biz_opaque_callback_data: 'a' });
  await sim.whatsapp(phone(2), { biz_opaque_callback_data: 'b' });
  await sim.whatsapp(phone(3), templateMessage('promo', [{ type: 'text', text: 'Bob' }]));
  const [a, b, c] = (await sim.ledger()).map(({ contentHash }) => contentHash);
  expect(a).toMatch(/^[0-9a-f]{16}$/);
  expect([a === b, a === c]).toEqual([true, false]);
});

const button = (title: string, id = title): object => ({ type: 'reply', reply: { id, title } });
const buttons = (...list: object[]): object => ({
  type: 'interactive',
  interactive: { type: 'button', body: { text: 'x' }, action: { buttons: list } },
});

test.each([
  ['no product', { messaging_product: 'sms' }, 100],
  ['no recipient', { to: undefined }, 131008],
  ['a recipient that is no number', { to: 'Amy' }, 131009],
  ['a number where an id belongs', { to: undefined, recipient: phone(1) }, 131009],
  ['an id that is none', { to: undefined, recipient: 'tw.1' }, 131009],
  ['a wrong number beside a right id: `to` wins', { to: 'Amy', recipient: 'TW.1' }, 131009],
  ['a reference over 512 characters', { biz_opaque_callback_data: 'x'.repeat(513) }, 100],
  ['a type that is none', { type: 'shout' }, 131051],
  ['a type without its content', { type: 'image' }, 131008],
  ['an empty parameter', templateMessage('promo', [{ type: 'text', text: ' ' }]), 131008],
  ['a parameter with a line break', templateMessage('promo', [{ type: 'text', text: 'a\nb' }]), 132018],
  ['a template without a language', { template: { name: 'promo' } }, 131008],
  ['four buttons', buttons(...['a', 'b', 'c', 'd'].map((title) => button(title))), 131009],
  ['a button title over 20 characters', buttons(button('x'.repeat(21))), 131009],
  ['equal button titles', buttons(button('a', '1'), button('a', '2')), 131009],
  ['free text outside the window', FREE_TEXT, 131047],
])('refused: %s', async (_, more, code) => {
  const sim = await running();
  const { status, json } = await sim.whatsapp(phone(1), more);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(json.error).toMatchObject({
    ...{ code, type: 'OAuthException', message: expect.stringContaining(`(#${code})`) },
    ...{ error_data: { details: expect.any(String) }, fbtrace_id: expect.any(String) },
  });
  expect(await sim.ledger()).toEqual([]);
});

test('a title of 20 characters outside the basic plane is taken', async () => {
  const sim = await running();
  await sim.admin('window', { all: true });
  expect((await sim.whatsapp(phone(1), buttons(button('😀'.repeat(20))))).status).toBe(200);
});

test('a token that is missing or bad is error 190; other paths and methods are refused', async () => {
  const sim = await running();
  for (const token of ['', 'bad-1']) {
    const { status, json } = await sim.call('POST', '/v23.0/1/messages', { token, body: templateMessage() });
    expect([status, json.error?.code]).toEqual([401, 190]);
  }
  expect((await sim.call('GET', '/v23.0/1/messages')).json.error?.code).toBe(100);
  expect((await sim.call('POST', '/v23.0/1/calls', { body: {} })).status).toBe(404);
  expect((await sim.call('GET', '/v23.0/1')).json).toMatchObject({ id: '1', quality_rating: 'GREEN' });
});

test('a service window lets free text through for 24 hours', async () => {
  const sim = await running();
  await sim.admin('window', { users: [`+${phone(1)}`] });
  expect((await sim.whatsapp(phone(1), FREE_TEXT)).status).toBe(200);
  expect((await sim.whatsapp(phone(2), FREE_TEXT)).json.error?.code).toBe(131047);
  await sim.admin('clock', { advanceMs: 24 * 3_600_000 });
  expect((await sim.whatsapp(phone(1), FREE_TEXT)).json.error?.code).toBe(131047);
});

test('registered templates are held to name, language, parameters and status', async () => {
  const sim = await running();
  const code = async (name: string, parameters?: unknown[]): Promise<number | undefined> =>
    (await sim.whatsapp(phone(1), templateMessage(name, parameters))).json.error?.code;
  expect(await code('anything')).toBeUndefined();
  const template = (name: string, status: string): object => ({ name, language: 'zh_TW', status, bodyParameters: 1 });
  const statuses = ['approved', 'pending', 'paused', 'disabled', 'held'];
  await sim.admin('templates', { templates: statuses.map((status) => template(status, status)) });
  expect(await code('anything')).toBe(132001);
  expect(await code('approved')).toBeUndefined();
  expect(await code('approved', [])).toBe(132000);
  expect(await Promise.all(['pending', 'paused', 'disabled'].map((name) => code(name)))).toEqual([
    132001, 132015, 132016,
  ]);
  const held = await sim.whatsapp(phone(7), templateMessage('held'));
  expect(held.json.messages[0]!.message_status).toBe('held_for_quality_assessment');
  expect(await sim.ledger(`?recipient=${phone(7)}`)).toEqual([]);
});

test('strict templates refuse even when none was registered', async () => {
  const sim = await running({ strictTemplates: true });
  expect((await sim.whatsapp(phone(1))).json.error?.code).toBe(132001);
});

test('one user gets a burst of 45, then one message each 6 seconds', async () => {
  const sim = await running({ rates: { 'whatsapp.messages': 0 } });
  for (let n = 0; n < 45; n++) expect((await sim.whatsapp(phone(1))).status).toBe(200);
  expect((await sim.whatsapp(phone(1))).json.error?.code).toBe(131056);
  expect((await sim.whatsapp(phone(2))).status).toBe(200);
  await sim.admin('clock', { advanceMs: 6_000 });
  expect((await sim.whatsapp(phone(1))).status).toBe(200);
  expect((await sim.whatsapp(phone(1))).json.error?.code).toBe(131056);
});

test('the portfolio limit counts people outside windows, and frees them after a day', async () => {
  const sim = await running();
  await sim.admin('switches', { portfolio: { limit: 2, signal: 'error', code: 131048 } });
  await sim.admin('window', { users: [phone(9)] });
  const codes = async (...people: number[]): Promise<(number | undefined)[]> =>
    Promise.all(people.map(async (n) => (await sim.whatsapp(phone(n))).json.error?.code));
  expect(await codes(1, 2)).toEqual([undefined, undefined]);
  expect(await codes(3, 1, 9)).toEqual([131048, undefined, undefined]);
  await sim.admin('clock', { advanceMs: 24 * 3_600_000 });
  expect(await codes(3)).toEqual([undefined]);
});

test('users who cannot be reached are accepted, and not in the ledger; some are refused at once', async () => {
  const sim = await running();
  const states = ['undeliverable', 'capped', 'stopped', 'experiment', 'blocked'];
  for (const [n, state] of states.entries())
    await sim.admin('users', { provider: 'whatsapp', users: [phone(n)], state });
  for (const n of states.keys()) expect((await sim.whatsapp(phone(n))).status).toBe(200);
  expect(await sim.ledger()).toEqual([]);
  expect(await sim.ledger('?reached=false')).toHaveLength(states.length);
  await sim.admin('users', { provider: 'whatsapp', users: [phone(0)], state: 'fails', code: 131030, sync: true });
  expect((await sim.whatsapp(phone(0))).json.error?.code).toBe(131030);
  // Who stopped marketing still gets what is none.
  await sim.admin('window', { users: [phone(2)] });
  await sim.whatsapp(phone(2), FREE_TEXT);
  expect(await sim.ledger()).toHaveLength(1);
});

test.each(['TW.abc123', 'TW.ENT.11815799212886844830'])(
  'a business-scoped id is a recipient without a number: %s',
  async (id) => {
    const sim = await running();
    const { status, json } = await sim.whatsapp('', { to: undefined, recipient: id });
    expect([status, json.contacts]).toEqual([200, [{ input: id, user_id: id }]]);
    expect((await sim.ledger())[0]).toMatchObject({ recipient: id });
  },
);

test('with both a number and an id the number is taken', async () => {
  const sim = await running();
  const { json } = await sim.whatsapp(phone(1), { recipient: 'TW.abc123' });
  expect(json.contacts).toEqual([{ input: phone(1), wa_id: phone(1) }]);
  expect((await sim.ledger()).map(({ recipient }) => recipient)).toEqual([phone(1)]);
});

test('an id in `to` is answered like any other message, and reaches nobody', async () => {
  const sim = await running();
  const { status, json } = await sim.whatsapp('TW.1349120865');
  expect(status).toBe(200);
  // The number that the id is taken for: there is no such user.
  expect(json.contacts).toEqual([{ input: 'TW.1349120865', wa_id: '1349120865' }]);
  expect(json.messages[0]).toMatchObject({ id: expect.stringMatching(/^wamid\./), message_status: 'accepted' });
  expect(await sim.ledger()).toEqual([]);
  expect((await sim.ledger('?reached=false')).map(({ recipient }) => recipient)).toEqual(['TW.1349120865']);
  expect(await sim.get('/__sim/summary')).toMatchObject({ accepted: 1, messages: 0, unreached: 1 });
});

test('a refusal names the field that is missing or wrong', async () => {
  const sim = await running();
  const details = async (more: object): Promise<unknown> =>
    (await sim.whatsapp('', more)).json.error?.error_data.details;
  expect(await details({ to: undefined })).toMatch(/\bto or recipient\b/);
  expect(await details({ to: 'Amy' })).toMatch(/^to is not/);
  expect(await details({ to: undefined, recipient: 'Amy' })).toMatch(/^recipient is not/);
});

test('an authentication template needs a number', async () => {
  const sim = await running();
  const template = { name: 'code', language: 'zh_TW', category: 'authentication', bodyParameters: 1 };
  await sim.admin('templates', { templates: [template] });
  const byId = await sim.whatsapp('', { ...templateMessage('code'), to: undefined, recipient: 'TW.1' });
  expect(byId.json.error?.code).toBe(131062);
  expect((await sim.whatsapp(phone(1), templateMessage('code'))).status).toBe(200);
});

test.each([
  ['Mexico, with the 1 of mobile numbers', '525512345678', '5215512345678'],
  ['Argentina, with the 9 of mobile numbers', '541123456789', '5491123456789'],
  ['Brazil, without the ninth digit outside the south-east', '5531987654321', '553187654321'],
  ['Brazil, with it inside', '551187654321', '5511987654321'],
  ['what has its form already', '5215512345678', '5215512345678'],
  ['everybody else', '886912345678', '886912345678'],
])("the account is answered in WhatsApp's own form: %s", async (_, number, waId) => {
  const sim = await running();
  const { json } = await sim.whatsapp(`+${number}`);
  expect(json.contacts).toEqual([{ input: `+${number}`, wa_id: waId }]);
  // The books stay with the number that was sent to.
  expect((await sim.ledger()).map(({ recipient }) => recipient)).toEqual([number]);
});
