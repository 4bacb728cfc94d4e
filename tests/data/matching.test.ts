// Matching a recipient list: every cell of the table in design.md §6, with found, unknown, ambiguous, duplicate and invalid.
import { beforeEach, expect, test } from 'vitest';
import { addSuppressions } from '../../pipelines/suppressions/suppression-store.ts';
import { lineId, TEST_KEY } from '../import-harness.ts';
import { addContact, matchesByLine, planWorld, recipientsOf } from '../plan-harness.ts';

/** A message of its own for every plan: the same recipients with the same message would be the plan that is there. */
const MESSAGES: Record<string, (n: number) => Record<string, unknown>> = {
  line: (n) => ({ messages: [{ type: 'text', text: `hello ${n}` }] }),
  wa: (n) => ({ type: 'template', template: { name: `sale_${n}`, language: { code: 'zh_TW' } } }),
};

const world = planWorld();
beforeEach(async () => {
  await world.db.query('truncate contacts, suppressions');
  await world.db.query('update channels set contact_quota = null');
});

let files = 0;
/** Plans a list of these lines (the first is the header) and gives outcomes and recipients. */
async function match(channel: string, lines: string[], options: Record<string, unknown> = {}) {
  const csv = await world.file(`list-${++files}.csv`, `${lines.join('\n')}\n`);
  const result = await world.plan({ channel, csv, message: MESSAGES[channel]!(files), ...options });
  return {
    result,
    outcomes: await matchesByLine(world.db, result.broadcastId),
    recipients: await recipientsOf(world.db, result.broadcastId),
  };
}

interface Cell {
  channel: 'line' | 'wa';
  header: string;
  matchBy: string;
  found: string;
  unknown: string;
  ambiguous: string | null;
  invalid: string;
  reason: string;
  creates: boolean;
}

const CELLS: Cell[] = [
  {
    ...{ channel: 'line', header: 'LINE UID', matchBy: 'social_id', found: lineId(1), unknown: lineId(99) },
    ...{ ambiguous: null, invalid: 'Uzz', reason: 'social_id_invalid', creates: true },
  },
  {
    ...{ channel: 'line', header: '會員編號', matchBy: 'member_id', found: '0007', unknown: '7' },
    ...{ ambiguous: '0008', invalid: 'N/A', reason: 'member_id_placeholder', creates: false },
  },
  {
    ...{ channel: 'line', header: 'Email', matchBy: 'email', found: 'Amy@Example.COM', unknown: 'x@example.com' },
    ...{ ambiguous: 'two@example.com', invalid: 'amy at example', reason: 'email_invalid', creates: false },
  },
  {
    ...{ channel: 'line', header: '手機', matchBy: 'phone', found: '0912-345-678', unknown: '0912000000' },
    ...{ ambiguous: '0922333444', invalid: '12', reason: 'phone_invalid', creates: false },
  },
  {
    ...{ channel: 'wa', header: '會員編號', matchBy: 'member_id', found: '0007', unknown: '7' },
    ...{ ambiguous: '0008', invalid: '1.2E+10', reason: 'member_id_scientific_notation', creates: false },
  },
  {
    ...{ channel: 'wa', header: 'Email', matchBy: 'email', found: 'amy@example.com', unknown: 'x@example.com' },
    ...{ ambiguous: 'two@example.com', invalid: '@', reason: 'email_invalid', creates: false },
  },
  {
    ...{ channel: 'wa', header: '手機', matchBy: 'phone', found: '0912345678', unknown: '0912000000' },
    ...{ ambiguous: '0922333444', invalid: '02-2345-6789', reason: 'phone_not_mobile', creates: true },
  },
];

/** The contact that every cell finds, and two that share member ID, e-mail and phone. */
async function addPeople(channel: 'line' | 'wa'): Promise<string[]> {
  const ids = channel === 'line' ? [1, 2, 3].map(lineId) : ['+886912345678', 'TW.Abc123', 'TW.Abc124'];
  const own = { memberId: '0007', email: 'amy@example.com', phone: '+886912345678', phoneRaw: '0912 345 678' };
  const both = { memberId: '0008', email: 'two@example.com', phone: '+886922333444', phoneRaw: '0922333444' };
  await addContact(world.db, { channel, socialId: ids[0]!, ...own });
  await addContact(world.db, { channel, socialId: ids[1]!, ...both, lastInteractionAt: '2026-05-01' });
  await addContact(world.db, { channel, socialId: ids[2]!, ...both, lastInteractionAt: '2026-04-01' });
  // The same person elsewhere is nobody here.
  await addContact(world.db, { channel: 'fb', socialId: '123456789012345', ...own });
  return ids;
}

const E164: Record<string, string> = { '0912000000': '+886912000000' };

test.each(CELLS)('$channel by $matchBy: found, unknown, ambiguous, duplicate, invalid, blank', async (cell) => {
  const ids = await addPeople(cell.channel);
  const { result, outcomes, recipients } = await match(cell.channel, [
    `${cell.header},x`,
    `${cell.found},1`,
    `${cell.unknown},2`,
    `${cell.ambiguous ?? cell.found},3`,
    `${cell.found},4`,
    `${cell.invalid},5`,
    ' ,6',
    `${cell.unknown},7`,
  ]);
  expect(outcomes).toEqual([
    '2 matched',
    cell.creates ? '3 created' : '3 unmatched',
    cell.ambiguous ? '4 matched' : '4 duplicate of 2',
    '5 duplicate of 2',
    `6 invalid (${cell.reason})`,
    `7 invalid (${cell.matchBy}_missing)`,
    '8 duplicate of 3',
  ]);
  expect(recipients.map((text) => text.split(' ')[1])).toEqual([
    ids[0],
    ...(cell.creates ? [E164[cell.unknown] ?? cell.unknown] : []),
    ...(cell.ambiguous ? [ids[1]] : []),
  ]);
  expect(result.outcomes.duplicate).toBe(cell.ambiguous ? 2 : 3);
  expect(result.warnings.some((warning) => warning.includes('--ambiguous latest'))).toBe(cell.ambiguous !== null);
  // A plan writes no contact.
  expect((await world.db.query('select from contacts')).rowCount).toBe(4);
});

test.each(CELLS.filter((cell) => cell.ambiguous !== null))(
  '$channel by $matchBy: of several contacts all, or none',
  async (cell) => {
    const ids = await addPeople(cell.channel);
    const lines = [cell.header, cell.found, cell.ambiguous!];
    const all = await match(cell.channel, lines, { ambiguous: 'all' });
    expect(all.outcomes).toEqual(['2 matched', '3 matched']);
    expect(all.recipients.map((text) => text.split(' ')[1])).toEqual(ids);
    const none = await match(cell.channel, lines, { ambiguous: 'reject' });
    expect(none.outcomes).toEqual(['2 matched', '3 ambiguous (2_contacts)']);
    expect(none.recipients).toHaveLength(1);
    const { rows } = await world.db.query<{ n: number }>(
      'select cardinality(candidates) as n from broadcast_lines where broadcast_id = $1 and line = 3',
      [none.result.broadcastId],
    );
    expect(rows[0]!.n).toBe(2);
  },
);

test('WhatsApp is not matched by social ID, and a column called WhatsApp is the phone', async () => {
  const csv = await world.file('social.csv', 'WhatsApp號碼\n0912345678\n');
  const refused = world.register({ channel: 'wa', csv, message: MESSAGES['wa']!(0), matchBy: 'social_id' });
  await expect(refused).rejects.toMatchObject({ code: 'match_key_unsupported', hint: /--match-by phone/ });
  const { outcomes } = await match('wa', ['WhatsApp號碼', '0912345678']);
  expect(outcomes).toEqual(['2 created']);
});

test('two WhatsApp numbers of one contact: the first line keeps it, in one chunk and in several', async () => {
  await addContact(world.db, { channel: 'wa', socialId: '+886911111111', phone: '+886922222222' });
  const lines = ['手機', '0922222222', '0933333333', '0911111111'];
  expect((await match('wa', lines)).outcomes).toEqual(['2 matched', '3 created', '4 duplicate of 2']);
  world.deps.matchChunkLines = 1;
  const chunked = await match('wa', lines, { maxAttempts: 6 }).finally(() => delete world.deps.matchChunkLines);
  expect(chunked.outcomes).toEqual(['2 matched', '3 created', '4 duplicate of 2']);
  expect(chunked.recipients.map((text) => text.split(' ')[1])).toEqual(['+886911111111', '+886933333333']);
});

test('one WhatsApp number of two contacts, of which another line took one', async () => {
  await addContact(world.db, { channel: 'wa', socialId: '+886911111111', phone: '+886922222222' });
  await addContact(world.db, { channel: 'wa', socialId: 'TW.Abc1', phone: '+886922222222' });
  const lines = ['手機', '0911111111', '0922222222'];
  const all = await match('wa', lines, { ambiguous: 'all' });
  expect(all.outcomes).toEqual(['2 matched', '3 matched']);
  expect(all.recipients.map((text) => text.split(' ')[1])).toEqual(['+886911111111', 'TW.Abc1']);
  // The latest of the two is the younger row, since neither ever interacted.
  expect((await match('wa', lines)).outcomes).toEqual(['2 matched', '3 matched']);
});

test('literal phones compare as they stand, and create nobody', async () => {
  await addContact(world.db, {
    channel: 'wa',
    socialId: '+886912345678',
    phone: '+886912345678',
    phoneRaw: '0912-345-678',
  });
  const lines = ['手機', ' 0912-345-678 ', '0912345678', '+886912345678'];
  expect((await match('wa', lines, { phoneMatch: 'literal' })).outcomes).toEqual([
    '2 matched',
    '3 unmatched',
    '4 unmatched',
  ]);
  expect((await match('wa', lines)).outcomes).toEqual(['2 matched', '3 duplicate of 2', '4 duplicate of 2']);
});

test('phones are read under the country of the call, else the channel’s', async () => {
  await addContact(world.db, { channel: 'line', socialId: lineId(1), phone: '+85291234567' });
  expect((await match('line', ['手機', '91234567'])).outcomes).toEqual(['2 invalid (phone_invalid)']);
  expect((await match('line', ['手機', '91234567'], { country: 'HK' })).outcomes).toEqual(['2 matched']);
});

test('reasons not to send are looked for in the order of the design', async () => {
  const on = { channel: 'line', memberId: 'M' };
  const gone = { blockedAt: '2026-01-01', subscribed: false };
  await addContact(world.db, { channel: 'line', socialId: lineId(1), ...gone });
  await addContact(world.db, { channel: 'line', socialId: lineId(2), subscribed: false });
  await addContact(world.db, { channel: 'line', socialId: lineId(3), phone: '+886912345678' });
  await addContact(world.db, { channel: 'line', socialId: lineId(4), email: 'amy@example.com' });
  await addContact(world.db, { ...on, socialId: lineId(5), subscribedSince: '2020-01-01' });
  await addContact(world.db, { ...on, socialId: lineId(6), subscribedSince: '2021-01-01' });
  const scope = { reason: 'complaint', source: 'test', defaultCountry: 'TW', psid: false };
  // All of the first four, and one that is not there yet.
  await addSuppressions(world.db, TEST_KEY, { ...scope, channel: 'line' }, [lineId(1), lineId(2), lineId(7)]);
  await addSuppressions(world.db, TEST_KEY, { ...scope, channel: '*' }, ['0912345678', 'amy@example.com']);
  await world.db.query("update channels set contact_quota = 1 where id = 'line'");
  const lines = ['LINE UID', ...[1, 2, 3, 4, 5, 6, 7, 8].map(lineId)];
  const { recipients, result } = await match('line', lines);
  expect(recipients.map((text) => text.split(' ')[2])).toEqual([
    'suppressed(blocked)',
    'suppressed(unsubscribed)',
    'suppressed(suppression_list)',
    'suppressed(suppression_list)',
    'planned',
    'suppressed(over_quota)',
    'suppressed(suppression_list)',
    'suppressed(over_quota)',
  ]);
  expect(result).toMatchObject({
    outcomes: { matched: 6, created: 2 },
    recipients: 8,
    suppressed: { blocked: 1, unsubscribed: 1, suppression_list: 3, over_quota: 2 },
    requests: 1,
  });
});

test('the oldest subscriptions keep their place in the quota, and newcomers come last', async () => {
  for (const [n, since] of [
    [1, '2022-01-01'],
    [2, '2020-01-01'],
    [3, '2021-01-01'],
  ] as const)
    await addContact(world.db, { channel: 'line', socialId: lineId(n), subscribedSince: since });
  await addContact(world.db, {
    channel: 'line',
    socialId: lineId(9),
    subscribedSince: '2019-01-01',
    subscribed: false,
  });
  const lines = ['LINE UID', ...[4, 1, 5, 2, 3].map(lineId)];
  const fates = async (quota: number | null) => {
    await world.db.query("update channels set contact_quota = $1 where id = 'line'", [quota]);
    return (await match('line', lines)).recipients.map((text) => text.split(' ')[2]);
  };
  const [sent, over] = ['planned', 'suppressed(over_quota)'];
  expect(await fates(null)).toEqual([sent, sent, sent, sent, sent]);
  expect(await fates(4)).toEqual([sent, sent, over, sent, sent]);
  expect(await fates(2)).toEqual([over, over, over, sent, sent]);
  expect(await fates(1)).toEqual([over, over, over, sent, over]);
  expect(await fates(0)).toEqual([over, over, over, over, over]);
  // The same over chunks of one line each.
  world.deps.matchChunkLines = 1;
  expect(await fates(4).finally(() => delete world.deps.matchChunkLines)).toEqual([sent, sent, over, sent, sent]);
});
