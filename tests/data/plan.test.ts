// What a plan freezes and says: parameters, lines file, digest, recognised and started before, time, and what bad input gets.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { canonicalJson } from '../../pipelines/broadcast/plan-digest.ts';
import { planSamples } from '../../pipelines/broadcast/plan-samples.ts';
import { lineId } from '../import-harness.ts';
import { addContact, HELLO, planWorld, recipientsOf, type GivenPlan } from '../plan-harness.ts';

const world = planWorld();
beforeEach(async () => {
  await world.db.query(
    'truncate contacts, broadcasts, broadcast_lines, broadcast_recipients, broadcast_ledger, broadcast_slices',
  );
});

let files = 0;
const csv = (...lines: string[]) => world.file(`list-${++files}.csv`, `${lines.join('\n')}\n`);
const text = (words: string) => ({ messages: [{ type: 'text', text: words }] });
const plan = async (given: Partial<GivenPlan>, ...lines: string[]) =>
  world.plan({ channel: 'line', csv: await csv(...lines), ...given });

test('places are filled from the list and from the contact; a missing value is the fate of its recipient', async () => {
  await addContact(world.db, { channel: 'line', socialId: lineId(1), name: '王', memberId: '0007' });
  await addContact(world.db, { channel: 'line', socialId: lineId(2), name: '陳' });
  const message = text('{{ 折扣碼 }} {{contact.display_name}} {{contact.member_id}} {{city}} {{折扣碼}}');
  const lines = [
    'LINE UID,城市,折扣碼',
    `${lineId(1)},台北,"A,""1"""`,
    `${lineId(2)},台中,B`,
    `${lineId(3)},台南,C`,
    `${lineId(1)},,`,
  ];
  const result = await plan({ message, map: { city: '城市' } }, ...lines);
  expect(await recipientsOf(world.db, result.broadcastId)).toEqual([
    `0 ${lineId(1)} planned {A,"1"|王|0007|台北}`,
    `1 ${lineId(2)} rejected(missing_parameter) {B|陳|∅|台中}`,
    `2 ${lineId(3)} rejected(missing_parameter) {C|∅|∅|台南}`,
  ]);
  expect(result).toMatchObject({ rejected: { missing_parameter: 2 }, requests: 1, outcomes: { duplicate: 1 } });
  expect(result.warnings.join()).toMatch(/^2 recipients have no value for a place/);
  const { rows } = await world.db.query<Record<string, unknown>>(
    'select endpoint, chunk_size, slice_size, parameter_names from broadcasts',
  );
  expect(rows).toEqual([
    {
      ...{ endpoint: 'push', chunk_size: 1, slice_size: 5000 },
      parameter_names: ['折扣碼', 'contact.display_name', 'contact.member_id', 'city'],
    },
  ]);
  expect(await planSamples(world.db, result.broadcastId, 3)).toEqual([
    { ordinal: 0, address: expect.stringMatching(/^Uc4\*{27}49b$/), message: text('A,"1" 王 0007 台北 A,"1"') },
  ]);
});

test('the lines file has every line as it stood, and what became of it', async () => {
  await addContact(world.db, { channel: 'line', socialId: lineId(1) });
  const lines = ['LINE UID;備註', `${lineId(1)};"a;b"`, '', `bad;x`, `${lineId(1)};`, `${lineId(2)};`];
  const result = await plan({}, ...lines);
  expect(await readFile(result.linesFile!, 'utf8')).toBe(
    [
      'LINE UID;備註;sluice_line;sluice_outcome;sluice_reason;sluice_duplicate_of',
      `${lines[1]};2;matched;;`,
      `${lines[3]};4;invalid;social_id_invalid;`,
      `${lines[4]};5;duplicate;;2`,
      `${lines[5]};6;created;;`,
      '',
    ].join('\n'),
  );
  // It can be used as a list again.
  const again = await world.plan({ channel: 'line', csv: result.linesFile!, message: text('again') });
  expect(again.outcomes).toEqual(result.outcomes);
});

test('the digest is that of the format, over several blocks and slices', async () => {
  await addContact(world.db, { channel: 'line', socialId: lineId(3), subscribed: false });
  const message = text('hi {{name}}');
  const people = Array.from({ length: 11_000 }, (_, n) => `${lineId(n)},${n === 5 ? '' : `n${n}`}`);
  const result = await plan({ message }, 'LINE UID,name', ...people);
  const sha256 = (value: string | Buffer) => createHash('sha256').update(value).digest();
  const blocks = [0, 5000, 10_000].map((from) => {
    const rows = people.slice(from, from + 5000).map((_, index) => {
      const n = from + index;
      const parameters = sha256(n === 5 ? '\u001d' : `n${n}`);
      const reason = n === 3 ? 'unsubscribed' : '';
      return Buffer.concat([Buffer.from(`${lineId(n)}\u001f`), parameters, Buffer.from(`\u001f${reason}\u001e`)]);
    });
    return sha256(Buffer.concat(rows)).toString('hex');
  });
  const options = {
    ...{ matchBy: 'social_id', ambiguous: 'latest', phoneMatch: 'e164', country: 'TW' },
    ...{ onUncertain: 'hold', settleSeconds: 900, maxAttempts: 5 },
  };
  const head = canonicalJson(['sluice plan 1', 'line', message, options, 11_000]);
  expect(result.digest).toBe(sha256([head, ...blocks, ''].join('\n')).toString('hex'));
  const { rows } = await world.db.query('select slice, from_ordinal, to_ordinal from broadcast_slices order by slice');
  expect(rows).toEqual([
    { slice: 0, from_ordinal: 0, to_ordinal: 5000 },
    { slice: 1, from_ordinal: 5000, to_ordinal: 10_000 },
    { slice: 2, from_ordinal: 10_000, to_ordinal: 11_000 },
  ]);
});

test('the same content is the same plan, whatever the file looks like; anything else is another', async () => {
  const message = text('hi {{name}}');
  const lines = ['LINE UID,name', `${lineId(1)},a`, `${lineId(2)},b`];
  const first = await plan({ message }, ...lines);
  const turned = await plan({ message }, 'name;備註;LINE UID', '', `a;x;${lineId(1)}`, `b;y;${lineId(2)}`);
  const own = /broadcast-(\d+)-lines/.exec(turned.linesFile!)![1]!;
  expect(own).not.toBe(first.broadcastId);
  expect(turned).toEqual({ ...first, recognised: true, linesFile: turned.linesFile });
  // Of the second only a note is left.
  const left = await world.db.query(
    `select from broadcast_lines where broadcast_id = $1 union all select from broadcast_recipients where broadcast_id = $1
     union all select from broadcast_ledger where broadcast_id = $1
     union all select from broadcast_slices where broadcast_id = $1`,
    [own],
  );
  expect(left.rowCount).toBe(0);
  const others = [
    await plan({ message: text('ho {{name}}') }, ...lines),
    await plan({ message }, lines[0]!, lines[1]!, `${lineId(2)},c`),
    await plan({ message }, lines[0]!, lines[2]!, lines[1]!),
    await plan({ message, ambiguous: 'all' }, ...lines),
    await plan({ message, settleSeconds: 60 }, ...lines),
    await plan({ message }, lines[0]!, lines[1]!),
  ];
  expect(new Set([first, ...others].map((other) => other.digest)).size).toBe(7);
  await addContact(world.db, { channel: 'line', socialId: lineId(2), subscribed: false });
  const suppressed = await plan({ message }, ...lines);
  expect(suppressed).toMatchObject({ recognised: false, suppressed: { unsubscribed: 1 } });
  expect(suppressed.digest).not.toBe(first.digest);
});

test('once started, the same content is a new plan that says so', async () => {
  const lines = ['LINE UID', lineId(1)];
  const first = await plan({}, ...lines);
  expect(first.startedBefore).toBe(false);
  await world.db.query("update broadcasts set attempt = 1, state = 'running'");
  const second = await plan({}, ...lines);
  expect(second).toMatchObject({ digest: first.digest, recognised: false, startedBefore: true });
  expect(second.broadcastId).not.toBe(first.broadcastId);
  // The first one is under way: it takes half of the rate until it is out.
  const third = await plan({}, ...lines);
  expect(third).toMatchObject({ broadcastId: second.broadcastId, recognised: true, startedBefore: true });
});

test('bad input gets an error that names the thing and the next action', async () => {
  const list = await csv('LINE UID,會員編號,name', `${lineId(1)},1,a`);
  const attempt = (given: Partial<GivenPlan>) => world.register({ channel: 'line', csv: list, ...given });
  const refused = async (given: Partial<GivenPlan>, code: string, ...words: RegExp[]) => {
    const error = (await attempt(given).catch((thrown: unknown) => thrown)) as { message: string; hint: string };
    expect(error).toMatchObject({ code });
    for (const word of words) expect(`${error.message} ${error.hint}`).toMatch(word);
  };
  await refused({}, 'key_ambiguous', /“LINE UID” \(social_id\), “會員編號” \(member_id\)/, /--match-by member_id/);
  await refused({ csv: await csv('name,city', 'a,b') }, 'no_identifier', /--map member_id=COLUMN/, /“name”, “city”/);
  await refused({ matchBy: 'phone' }, 'no_identifier', /gives the phone/, /--map phone=COLUMN/);
  await refused(
    { csv: await csv('手機,手機', '1,2') },
    'field_duplicate',
    /“#1”, “#2” both mean phone/,
    /--map phone=#1/,
  );
  await refused(
    { csv: await csv('手機,手機', '1,2'), map: { phone: '手機' } },
    'header_duplicate',
    /both called “手機”/,
    /#2/,
  );
  await refused({ csv: await csv('手機,行動電話', '1,2') }, 'field_duplicate', /--map phone=手機/);
  const member = { matchBy: 'member_id' as const };
  await refused(
    { ...member, message: text('{{nmae}}') },
    'placeholder_unknown',
    /\{\{nmae\}\}/,
    /“LINE UID”, “會員編號”, “name”/,
    /contact\.display_name/,
  );
  await refused({ ...member, map: { city: 'name' } }, 'map_target_unknown', /“city”/, /member_id/);
  await refused({ ...member, map: { member_id: 'nothing' } }, 'map_column_missing', /“nothing”/);
  await refused({ ...member, message: { messages: [] } }, 'message_invalid', /messages: must be a list of 1 to 5/);
  await refused({ ...member, message: { to: 'U', ...HELLO } }, 'message_invalid', /to: leave the recipient out/);
  await refused({ ...member, country: 'XX' }, 'country_unknown', /“XX”/);
  await refused({ channel: 'nowhere' }, 'channel_unknown', /line/);
  await refused({ channel: 'fb' }, 'channel_cannot_send');
  await refused({ csv: '/nowhere.csv' }, 'file_missing');
  const big5 = Buffer.concat([Buffer.from('LINE UID,name\n'), Buffer.from([0xa4, 0xfd, 0x0a])]);
  await refused({ csv: await world.file('big5.csv', big5), encoding: 'utf-8' }, 'encoding_wrong', /line 2/);
  expect((await world.db.query('select from broadcasts')).rowCount).toBe(0);
  // Of no matter where nobody needs them; and by its number each can be had.
  for (const given of [
    { csv: await csv('手機,備註,備註', '0912345678,a,b') },
    { csv: await csv('手機,手機', 'none,0912345678'), map: { phone: '#2' } },
  ])
    expect(await attempt(given)).toBeTruthy();
});

test('a list of which nobody is known works, and says so; so does one of no line', async () => {
  const result = await plan({}, '會員編號', '1', '2');
  expect(result).toMatchObject({ outcomes: { unmatched: 2 }, recipients: 0, requests: 0, etaSeconds: 0 });
  expect(result.warnings).toEqual(['No line led to a recipient: nothing would be sent.']);
  const empty = await plan({ message: text('{{x}}') }, '會員編號,x');
  expect(empty).toMatchObject({ lines: 0, recipients: 0 });
});

test('the provider judges the message once, filled; when it is away that is a warning, when it refuses an error', async () => {
  const asked: string[] = [];
  const { validateAtProvider, quotaLeft } = world.deps;
  try {
    world.deps.validateAtProvider = async (_channel, mode, message) => {
      asked.push(`${mode.endpoint} ${message}`);
      return [];
    };
    world.deps.quotaLeft = async () => 1;
    const people = ['LINE UID,name', `${lineId(1)},`, `${lineId(2)},b`, `${lineId(3)},c`];
    const personal = await plan({ message: text('hi {{name}}') }, ...people);
    expect(personal.warnings.at(-1)).toBe('2 recipients, and the provider allows 1 more messages this month.');
    expect(personal.quotaLeft).toBe(1);
    await plan({ message: text('hi') }, ...people);
    expect(asked).toEqual([
      'push {"messages":[{"text":"hi b","type":"text"}]}',
      'multicast {"messages":[{"type":"text","text":"hi"}]}',
    ]);
    world.deps.validateAtProvider = () => Promise.reject(new Error('connect ECONNREFUSED'));
    world.deps.quotaLeft = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const away = await plan({ message: text('away') }, ...people);
    expect(away).toMatchObject({ quotaLeft: null, warnings: [expect.stringMatching(/could not be asked/)] });
    world.deps.validateAtProvider = async () => [{ path: 'messages[0].text', problem: 'May not be empty' }];
    const refusal = {
      code: 'message_invalid',
      message: /line refuses the message: messages\[0\]\.text: May not be empty/,
    };
    await expect(plan({ message: text('no') }, ...people)).rejects.toMatchObject(refusal);
    await expect(plan({ message: text('no {{name}}') }, ...people)).rejects.toMatchObject(refusal);
    world.deps.validateAtProvider = async () => [];
    const long = plan({ message: text('{{name}}') }, 'LINE UID,name', `${lineId(1)},${'字'.repeat(5001)}`);
    await expect(long).rejects.toMatchObject({
      code: 'message_invalid',
      message: /messages\[0\]\.text: 5001 characters/,
    });
  } finally {
    Object.assign(world.deps, { validateAtProvider, quotaLeft });
  }
});

test('the time it takes is that of the rate, shared with what runs', async () => {
  await world.db.query(`update channels set rates = '{"push": 10}' where id = 'line'`);
  try {
    const people = Array.from({ length: 970 }, (_, n) => `${lineId(n)},n${n}`);
    const message = text('hi {{name}}');
    const alone = await plan({ message }, 'LINE UID,name', ...people);
    expect(alone).toMatchObject({ requests: 970, etaSeconds: 100 });
    const { rows } = await world.db.query('select slice_size from broadcasts');
    expect(rows).toEqual([{ slice_size: 200 }]);
    await world.db.query(`update broadcasts set state = 'running', attempt = 1`);
    await world.db.query('update broadcast_slices set done = true where slice < 4');
    const beside = await plan({ message: text('ho {{name}}') }, 'LINE UID,name', ...people);
    expect(beside.etaSeconds).toBe(Math.ceil((970 + 170) / 9.7));
  } finally {
    await world.db.query(`update channels set rates = '{}'`);
  }
});

test('equal messages go by multicast, in chunks of a slice', async () => {
  const people = Array.from({ length: 5_600 }, (_, n) => lineId(n));
  const result = await plan({}, 'LINE UID', ...people);
  expect(result).toMatchObject({ recipients: 5_600, requests: 10 + 2, etaSeconds: 1 });
});

test('a header alone is a list of nobody; without a header there is no plan', async () => {
  const nobody = await plan({ message: HELLO }, 'LINE UID,城市');
  expect(nobody).toMatchObject({ lines: 0, recipients: 0 });
  for (const [code, content] of [
    ['file_empty', ''],
    ['file_blank', '\uFEFF \r\n\r\n'],
  ] as const)
    await expect(
      world.plan({ channel: 'line', csv: await world.file(`list-${++files}.csv`, content), message: HELLO }),
    ).rejects.toMatchObject({ code });
  expect((await world.db.query('select from broadcasts')).rowCount).toBe(1);
});
