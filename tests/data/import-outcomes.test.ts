// Every line gets the one outcome it deserves: one small file a rule.
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { addSuppressions, checkAddress } from '../../pipelines/suppressions/suppression-store.ts';
import { contactChecksum, lineId, importWorld, outcomesByLine, TEST_KEY } from '../import-harness.ts';

const world = importWorld();
beforeEach(async () => {
  await world.db.query(
    'truncate contacts, contact_tags, tag_events, import_lines, suppressions, attribute_definitions',
  );
});

let files = 0;
/** Imports the lines given (the first is the header) into channel `line` and gives result and outcomes. */
async function importLines(lines: string[], options: Record<string, unknown> = {}, channel = 'line') {
  const file = await world.file(`file-${++files}.csv`, `${lines.join('\n')}\n`);
  const result = await world.run({ file, channel, maxInvalid: 1, ...options });
  return { result, outcomes: await outcomesByLine(world.db, result.importId) };
}

async function contact(seed: number | string) {
  const { rows } = await world.db.query<Record<string, unknown>>('select * from contacts where social_id = $1', [
    lineId(seed),
  ]);
  return rows[0];
}

test('create, update, unchanged, duplicate, invalid: each line its own', async () => {
  const first = await importLines([
    'LINE UID,姓名,手機,Email',
    `${lineId(1)},王小明,0912345678,ming@Example.com`,
    `${lineId(2)},陳美玲,0922333444,`,
    `not-a-uid,壞,,`,
    `${lineId(2)},陳美玲二,0922333444,`,
  ]);
  expect(first.outcomes).toEqual([
    '2 create',
    '3 duplicate of 5',
    expect.stringMatching(/^4 invalid \(social_id/),
    '5 create',
  ]);
  expect(first.result).toMatchObject({
    state: 'done',
    lines: 4,
    skipped: { blank: 0, preamble: 0, header: 1, footer: 0 },
    outcomes: { create: 2, duplicate: 1, invalid: 1, update: 0, unchanged: 0, ambiguous: 0, suppressed: 0 },
  });
  expect(await contact(1)).toMatchObject({
    phone: '+886912345678',
    phone_raw: '0912345678',
    email_key: 'ming@example.com',
  });
  expect(await contact(2)).toMatchObject({ display_name: '陳美玲二' });
  const second = await importLines([
    'LINE UID,姓名,手機',
    `${lineId(1)},王大明,`,
    `${lineId(2)},陳美玲二,0922-333-444`,
    `${lineId(3)},新人,`,
  ]);
  expect(second.outcomes).toEqual(['2 update', '3 unchanged', '4 create']);
  expect(await contact(1)).toMatchObject({ display_name: '王大明', phone: '+886912345678' });
});

test('the first line wins when asked', async () => {
  const { outcomes } = await importLines(['LINE UID,姓名', `${lineId(1)},一`, `${lineId(1)},二`], { firstWins: true });
  expect(outcomes).toEqual(['2 create', '3 duplicate of 2']);
  expect(await contact(1)).toMatchObject({ display_name: '一' });
});

test('empty cells change nothing, unless they are to clear', async () => {
  await importLines(['LINE UID,姓名,Email', `${lineId(1)},王,a@example.com`]);
  expect((await importLines(['LINE UID,姓名,Email', `${lineId(1)},,`])).outcomes).toEqual(['2 unchanged']);
  const cleared = await importLines(['LINE UID,姓名,Email', `${lineId(1)},,`], { clearEmpty: true });
  expect(cleared.outcomes).toEqual(['2 update']);
  expect(await contact(1)).toMatchObject({ display_name: null, email: null, email_key: null });
});

test('no import subscribes anyone again, unless the call says so', async () => {
  await importLines(['LINE UID,訂閱', `${lineId(1)},否`, `${lineId(2)},是`]);
  expect(await contact(1)).toMatchObject({ subscribed: false });
  const kept = await importLines(['LINE UID,訂閱,姓名', `${lineId(1)},是,王`, `${lineId(2)},否,陳`]);
  expect(kept.outcomes).toEqual(['2 update', '3 update']);
  expect(await contact(1)).toMatchObject({ subscribed: false, display_name: '王' });
  expect(await contact(2)).toMatchObject({ subscribed: false });
  const since = (await contact(1))!['subscribed_since'] as Date;
  await importLines(['LINE UID,訂閱', `${lineId(1)},是`], { allowResubscribe: true });
  const after = await contact(1);
  expect(after).toMatchObject({ subscribed: true });
  expect((after!['subscribed_since'] as Date).getTime()).toBeGreaterThan(since.getTime());
});

test('the last interaction never goes back', async () => {
  await importLines(['LINE UID,最後互動時間', `${lineId(1)},2026-05-01 12:00`]);
  const { outcomes } = await importLines(['LINE UID,最後互動時間', `${lineId(1)},2026-04-01 12:00`]);
  expect(outcomes).toEqual(['2 unchanged']);
  expect(await contact(1)).toMatchObject({ last_interaction_at: new Date('2026-05-01T04:00:00Z') });
});

test('files without a social id change who is there, and name the rest', async () => {
  await importLines([
    'LINE UID,會員編號,手機',
    `${lineId(1)},0007,0912345678`,
    `${lineId(2)},0008,0912345679`,
    `${lineId(3)},0008,`,
  ]);
  const { outcomes, result } = await importLines(['會員編號,姓名', '0007,王', '0008,兩個人', '0009,沒有', '0007,王二']);
  expect(outcomes).toEqual([
    '2 duplicate of 5',
    '3 ambiguous (2_contacts)',
    '4 invalid (contact_not_found)',
    '5 update',
  ]);
  expect(await contact(1)).toMatchObject({ display_name: '王二', member_id: '0007' });
  const { rows } = await world.db.query<{ n: number }>(
    'select cardinality(candidates) as n from import_lines where import_id = $1 and line = 3',
    [result.importId],
  );
  expect(rows[0]!.n).toBe(2);
  const rejects = await readFile(result.rejectsFile!, 'utf8');
  expect(rejects).toMatch(/0008,兩個人,3,ambiguous,2_contacts,"Several contacts have this key: \d+, \d+\."/);
  expect(rejects).toMatch(/0009,沒有,4,invalid,contact_not_found,"Column “會員編號”: No contact has this key/);
});

test('a suppressed person is not imported, whichever address names them', async () => {
  const scope = { channel: '*', reason: 'erased', source: 'test', defaultCountry: 'TW', psid: false };
  await addSuppressions(world.db, TEST_KEY, scope, ['0912345678']);
  await addSuppressions(world.db, TEST_KEY, { ...scope, channel: 'line', reason: 'complaint' }, [lineId(2)]);
  await addSuppressions(world.db, TEST_KEY, { ...scope, channel: 'fb' }, [lineId(3)]);
  const { outcomes, result } = await importLines([
    'LINE UID,手機',
    `${lineId(1)},0912-345-678`,
    `${lineId(2)},`,
    `${lineId(3)},`,
  ]);
  expect(outcomes).toEqual(['2 suppressed (erased)', '3 suppressed (complaint)', '4 create']);
  expect(result.rejectsFile).not.toBeNull();
});

test('a number that WhatsApp writes otherwise is suppressed in both forms, and counted once', async () => {
  const scope = { channel: 'wa', reason: 'asked', source: 'test', defaultCountry: 'TW', psid: false };
  const numbers = ['+54 11 2345-6789', '+54 9 11 2345 6780'];
  expect(await addSuppressions(world.db, TEST_KEY, scope, numbers)).toEqual({ added: 2, known: 0, invalid: [] });
  expect(await addSuppressions(world.db, TEST_KEY, scope, ['+5491123456789', ...numbers])).toMatchObject({
    added: 0,
    known: 3,
  });
  const { outcomes } = await importLines(['電話', '+5491123456789', '+54 11 2345 6780', '+54 11 2345 6781'], {
    channel: 'wa',
  });
  expect(outcomes).toEqual(['2 suppressed (asked)', '3 suppressed (asked)', '4 create']);
  const reading = { defaultCountry: 'TW', psid: false };
  expect(await checkAddress(world.db, TEST_KEY, 'wa', '+54 9 11 2345 6789', reading)).toMatchObject({
    suppressed: true,
  });
});

test('a yes-or-no column: under `replace` a no takes the tag off, alone or beside other tags; blank says nothing', async () => {
  const tagsOf = async (seed: number) =>
    (
      await world.db.query<{ tag: string }>(
        `select tag from contact_tags t join contacts c on c.id = t.contact_id where c.social_id = $1 order by tag`,
        [lineId(seed)],
      )
    ).rows.map((row) => row.tag);
  const map = { 'tag:VIP': 'vip', 'tag:新': '新客' };
  for (const [mode, left] of [
    ['replace', { no: [], noAndYes: ['新'], blank: ['VIP', '熟客'], yes: ['VIP'] }],
    ['add', { no: ['VIP', '熟客'], noAndYes: ['VIP', '新', '熟客'], blank: ['VIP', '熟客'], yes: ['VIP', '熟客'] }],
    ['remove', { no: ['VIP', '熟客'], noAndYes: ['VIP', '熟客'], blank: ['VIP', '熟客'], yes: ['熟客'] }],
  ] as const) {
    await world.db.query('truncate contacts, contact_tags, contact_tag_removals, tag_events, import_lines');
    await importLines(['LINE UID,標籤', ...[1, 2, 3, 4].map((n) => `${lineId(n)},"VIP,熟客"`)], { again: true });
    const lines = [`${lineId(1)},否,`, `${lineId(2)},否,是`, `${lineId(3)},,`, `${lineId(4)},是,`];
    await importLines(['LINE UID,vip,新客', ...lines], { tags: mode, map });
    expect({ no: await tagsOf(1), noAndYes: await tagsOf(2), blank: await tagsOf(3), yes: await tagsOf(4) }).toEqual(
      left,
    );
  }
});

test('tags: add, replace and remove, with an event for each change and none for a state', async () => {
  const tags = async () =>
    (await world.db.query<{ tag: string }>('select tag from contact_tags order by tag')).rows.map((row) => row.tag);
  await importLines(['LINE UID,標籤', `${lineId(1)},"VIP,熟客"`]);
  expect((await importLines(['LINE UID,標籤', `${lineId(1)},VIP`])).outcomes).toEqual(['2 unchanged']);
  expect((await importLines(['LINE UID,標籤', `${lineId(1)},"VIP,新品"`])).outcomes).toEqual(['2 update']);
  expect(await tags()).toEqual(['VIP', '新品', '熟客']);
  await importLines(['LINE UID,標籤', `${lineId(1)},熟客`], { tags: 'remove' });
  expect(await tags()).toEqual(['VIP', '新品']);
  await importLines(['LINE UID,標籤', `${lineId(1)},"a""{},NULL"`], { tags: 'replace', tagSeparator: ';' });
  expect(await tags()).toEqual(['a"{},NULL']);
  const { rows } = await world.db.query<{ text: string }>(
    `select kind || ' ' || tag as text from tag_events order by id`,
  );
  expect(rows.map((row) => row.text)).toEqual([
    'applied VIP',
    'applied 熟客',
    'applied 新品',
    'removed 熟客',
    'removed VIP',
    'removed 新品',
    'applied a"{},NULL',
  ]);
});

test('a tag that no index can hold costs its line, not the import', async () => {
  const long = Array.from({ length: 1500 }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7919) % 20_000))).join('');
  const { outcomes } = await importLines([
    'LINE UID,手機,標籤',
    `${lineId(1)},0912345678,VIP`,
    `${lineId(2)},0912345679,${long}`,
    `${lineId(3)},,${long.slice(0, 600)}`,
  ]);
  expect(outcomes).toEqual(['2 create', '3 invalid (tags_too_long)', '4 create']);
});

test('attributes are typed by definition, merged, and made only when asked', async () => {
  const lines = ['LINE UID,points,city', `${lineId(1)},12,台北`];
  await importLines(lines);
  expect(await contact(1)).toMatchObject({ attributes: {} });
  await importLines(lines, { createAttributes: true });
  expect(await contact(1)).toMatchObject({ attributes: { points: 12, city: '台北' } });
  const { outcomes } = await importLines(['LINE UID,points', `${lineId(1)},13`, `${lineId(2)},many`]);
  expect(outcomes).toEqual(['2 update', expect.stringMatching(/^3 invalid/)]);
  expect(await contact(1)).toMatchObject({ attributes: { points: 13, city: '台北' } });
});

test('too many invalid lines: nothing is applied, and the import says so', async () => {
  const before = await contactChecksum(world.db);
  const { result } = await importLines(['LINE UID', lineId(1), 'x', lineId(2)], { maxInvalid: 0.1 });
  expect(result).toMatchObject({ state: 'rejected', outcomes: { create: 2, invalid: 1 } });
  expect(result.message).toContain('33.3 %');
  expect(await contactChecksum(world.db)).toBe(before);
});

test('whatsapp: the phone is the address', async () => {
  const { outcomes } = await importLines(['手機,姓名', '0912345678,王', '02-2345-6789,市話', ',沒有'], {}, 'wa');
  expect(outcomes).toEqual([
    '2 create',
    expect.stringMatching(/^3 invalid \(phone/),
    expect.stringMatching(/^4 invalid/),
  ]);
  const { rows } = await world.db.query<{ social_id: string }>(
    `select social_id from contacts where channel_id = 'wa'`,
  );
  expect(rows).toEqual([{ social_id: '+886912345678' }]);
});

test('before-images keep what a contact was', async () => {
  await importLines(['LINE UID,姓名,標籤', `${lineId(1)},舊,VIP`]);
  const { result } = await importLines(['LINE UID,姓名', `${lineId(1)},新`]);
  const { rows } = await world.db.query<{ name: string; tags: string[] }>(
    `select before->>'display_name' as name, tags from import_before_images where import_id = $1`,
    [result.importId],
  );
  expect(rows).toEqual([{ name: '舊', tags: ['VIP'] }]);
});
