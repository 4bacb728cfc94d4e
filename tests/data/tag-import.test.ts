// Files of tag events: every outcome, and what makes an event the same one when it comes again.
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { lineId, outcomesByLine } from '../import-harness.ts';
import { emptyTagWorld, importTagFile, logLines, tagImporter, tagsNow, tagWorld } from '../tag-harness.ts';

const world = tagWorld();

const importText = tagImporter(world);

const uid = lineId;

// Two people of one family, with one phone and one e-mail.
beforeEach(() =>
  world.db.query(`update contacts set phone = '+886912000008', email_key = '8@example.com' where id = 9`),
);

test('every line ends in one outcome, and the sums are the lines', async () => {
  const result = await importText(
    [
      'LINE UID,tag,time',
      `${uid(1)},VIP,2024-03-05 10:00:00`,
      `${uid(1)},VIP,2024-03-05 10:00:00`,
      `${uid(77)},VIP,2024-03-05 10:00:00`,
      `nobody,VIP,2024-03-05 10:00:00`,
      '',
      `${uid(2)},,2024-03-05 10:00:00`,
      `${uid(2)},VIP,yesterday`,
      `${uid(2)},VIP,`,
      `${uid(2)},VIP,1969-12-31`,
      `${uid(2)},VIP,2199-01-01`,
      `${uid(2)},${'字'.repeat(667)},2024-03-05`,
      `${uid(2)},VIP`,
      `${uid(2)},${'字'.repeat(666)},2024-03-05`,
    ].join('\n'),
  );
  expect(result).toMatchObject({
    state: 'done',
    channel: 'line',
    lines: 12,
    skipped: { blank: 1, preamble: 0, header: 1, footer: 0 },
    outcomes: { added: 3, known: 0, unmatched: 1, ambiguous: 0, invalid: 8 },
    recognised: false,
    dryRun: false,
    message: null,
  });
  expect(await outcomesByLine(world.db, result.importId)).toEqual([
    '2 added',
    '3 added',
    '4 unmatched',
    '5 invalid (social_id_invalid)',
    '7 invalid (tag_missing)',
    '8 invalid (time_invalid)',
    '9 invalid (time_missing)',
    '10 invalid (time_too_early)',
    '11 invalid (time_in_future)',
    '12 invalid (tag_too_long)',
    '13 invalid (column_count)',
    '14 added',
  ]);
  const rejects = await readFile(result.rejectsFile!, 'utf8');
  expect(rejects.split('\n').length).toBe(1 + 9 + 1);
  expect(rejects).toContain(`${uid(77)},VIP,2024-03-05 10:00:00,4,unmatched,,No contact of the channel has this key.`);
});

test('more invalid lines than allowed: nothing is written', async () => {
  const result = await importText(`uid,tag,time\n${uid(1)},VIP,2024-01-01\n${uid(1)},VIP,never\n`, { maxInvalid: 0.4 });
  expect(result).toMatchObject({ state: 'rejected', outcomes: { added: 1, invalid: 1 } });
  expect(result.message).toContain('1 of 2 lines are invalid');
  expect(await logLines(world.db)).toEqual([]);
});

test('any identifier; one that several contacts have is ambiguous', async () => {
  for (const [header, value] of [
    ['會員編號', 'M3'],
    ['Email', '3@EXAMPLE.com'],
    ['手機', '0912-000-003'],
  ]) {
    await world.db.query('truncate tag_events, imports cascade');
    const result = await importText(`${header},標籤,貼標時間\n${value},VIP,2024/3/5 下午 2:30\n`);
    expect(result.outcomes, header).toMatchObject({ added: 1 });
    const { rows } = await world.db.query('select contact_id, occurred_at from tag_events');
    expect(rows).toEqual([{ contact_id: '3', occurred_at: new Date('2024-03-05T06:30:00Z') }]);
  }
  const result = await importText(`phone,tag,time\n0912000008,VIP,2024-01-01\n`);
  expect(result.outcomes).toMatchObject({ ambiguous: 1 });
  expect(await readFile(result.rejectsFile!, 'utf8')).toContain(
    'ambiguous,2_contacts,"Several contacts have this key: 8, 9."',
  );
});

test('the mapping: foreign headers, --match-by, and files without a header', async () => {
  const movies = 'userId,movieId,tag,timestamp\nM1,10,dark,1138537770\nM2,11,slow,978300760\n';
  expect((await importText(movies, { map: { member_id: 'userId' } })).outcomes).toMatchObject({ added: 2 });
  expect(await logLines(world.db)).toEqual([
    'applied slow 2000-12-31T22:12:40.000000Z import',
    'applied dark 2006-01-29T12:29:30.000000Z import',
  ]);
  const odd = 'who,what,when\nM1,a,2024-01-01\n';
  const mapped = { contact: 'who', tag: 'what', time: 'when' };
  expect((await importText(odd, { map: mapped, matchBy: 'member_id' })).outcomes).toMatchObject({ added: 1 });
  const bare = `${uid(1)},x,2024-01-02\n`;
  expect((await importText(bare, { map: { tag: 'column 2', time: 'column 3' } })).outcomes).toMatchObject({ added: 1 });
  await expect(importText('uid,label2,time\nx,y,z\n')).rejects.toMatchObject({ code: 'tag_column_missing' });
  await expect(importText('uid,tag,when2\nx,y,z\n')).rejects.toMatchObject({ code: 'time_column_missing' });
  await expect(importText('who,tag,time\nx,y,z\n')).rejects.toMatchObject({ code: 'no_identifier' });
  await expect(importText(odd, { map: { colour: 'who' } })).rejects.toMatchObject({ code: 'map_target_unknown' });
});

test('the same file again adds nothing; an overlapping one adds what is new; true repeats count', async () => {
  const line = (n: number, at: string) => `${uid(n)},VIP,${at}`;
  const head = 'uid,tag,time';
  const first = [head, line(1, '2024-01-01'), line(1, '2024-01-01'), line(2, '2024-01-02')].join('\n');
  expect(await importText(first)).toMatchObject({ outcomes: { added: 3 } });
  expect(await importText(first)).toMatchObject({ recognised: true, outcomes: { added: 3 } });
  expect(await importText(first, { again: true })).toMatchObject({
    recognised: false,
    outcomes: { added: 0, known: 3 },
  });
  const overlapping = [head, line(2, '2024-01-02'), line(3, '2024-01-03'), ...Array(3).fill(line(1, '2024-01-01'))];
  const dry = await importText(overlapping.join('\n'), { dryRun: true });
  expect(dry.outcomes).toMatchObject({ added: 2, known: 3 });
  expect(await logLines(world.db)).toHaveLength(3);
  const result = await importText(overlapping.join('\n'));
  expect(result.outcomes).toEqual(dry.outcomes);
  expect(await outcomesByLine(world.db, result.importId)).toEqual([
    '2 known',
    '3 added',
    '4 known',
    '5 known',
    '6 added',
  ]);
  expect(await logLines(world.db)).toHaveLength(5);
});

test('whatever overlapping files come in whatever order, the log holds each event as often as the file that has it most often', async () => {
  // An event is one of few contacts, tags, times, sources and messages, so that files repeat themselves and each other.
  const line = fc
    .tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom('a', '"b,c"'),
      fc.constantFrom('2024-01-31T23:30:00Z', '2024-02-01T00:00:00Z', '1706745600'),
      fc.constantFrom('', 'game'),
      fc.constantFrom('', 'removed'),
      fc.constantFrom('', '', '', 'm1', 'm2'),
    )
    .map(([n, tag, time, source, kind, message]) => `${uid(n)},${tag},${time},${source},${kind},${message}`);
  const files = fc.array(fc.array(line, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 });
  /** What a line says, in one spelling; with a message id its time and source say nothing. */
  const eventOf = (text: string) => {
    const [contact, ...rest] = text.replace('"b,c"', 'b').split(',');
    const [tag, time, source, kind, message] = rest;
    const at = message ? 'any' : time === '1706745600' ? '2024-02-01T00:00:00Z' : time;
    return [contact, tag, at, message ? 'any' : source || 'import', kind || 'applied', message].join(' ');
  };
  const countOf = (lines: string[]) => {
    const counts = new Map<string, number>();
    for (const event of lines.map(eventOf))
      counts.set(event, event.split(' ').at(-1) !== '' ? 1 : (counts.get(event) ?? 0) + 1);
    return counts;
  };
  await fc.assert(
    fc.asyncProperty(files, fc.integer({ min: 1, max: 5 }), async (given, tagSliceLines) => {
      await emptyTagWorld(world.db);
      const expected = new Map<string, number>();
      for (const lines of given) {
        let added = 0;
        for (const [event, count] of countOf(lines)) {
          const before = expected.get(event) ?? 0;
          added += Math.max(0, count - before);
          expected.set(event, Math.max(before, count));
        }
        const file = await world.file('o.csv', ['uid,tag,time,source,kind,message id', ...lines].join('\n'));
        const result = await importTagFile({ ...world.deps, tagSliceLines }, { file, channel: 'line', again: true });
        expect(result.outcomes).toEqual({ added, known: lines.length - added, unmatched: 0, ambiguous: 0, invalid: 0 });
      }
      const total = [...expected.values()].reduce((sum, count) => sum + count, 0);
      expect(await logLines(world.db)).toHaveLength(total);
    }),
    { numRuns: 30 },
  );
});

test('the same event of another source, kind, tag or microsecond is another one', async () => {
  const text = [
    'uid,tag,time,source,kind',
    `${uid(1)},VIP,2024-01-01T00:00:00Z,game,`,
    `${uid(1)},VIP,2024-01-01T00:00:00Z,journey,`,
    `${uid(1)},vip,2024-01-01T00:00:00Z,game,`,
    `${uid(1)},VIP,2024-01-01T00:00:00.000001Z,game,`,
    `${uid(1)},VIP,2024-01-01T00:00:00Z,game,removed`,
    `${uid(1)},VIP,2024-01-01T08:00:00+08:00,GAME,applied`,
  ].join('\n');
  expect((await importText(text)).outcomes).toMatchObject({ added: 6 });
  // The last line is the first one again, written otherwise: a true repeat.
  expect((await importText(text, { again: true })).outcomes).toMatchObject({ added: 0, known: 6 });
});

test('a message counts once, in the file and in the log, at whatever time it is written', async () => {
  const text = [
    'uid,tag,time,message id,kind',
    `${uid(1)},VIP,2024-01-01,468789577898262530,`,
    `${uid(1)},VIP,2024-05-01,468789577898262530,`,
    `${uid(1)},VIP,2024-01-01,468789577898262531,`,
    `${uid(1)},VIP,2024-01-01,468789577898262530,removed`,
    `${uid(2)},VIP,2024-01-01,468789577898262530,`,
    `${uid(2)},VIP,2024-01-01,4.68E+17,`,
  ].join('\n');
  const result = await importText(text);
  expect(await outcomesByLine(world.db, result.importId)).toEqual([
    '2 added',
    '3 known',
    '4 added',
    '5 added',
    '6 added',
    '7 invalid (message_id_invalid)',
  ]);
  const later = `uid,tag,time,message id\n${uid(1)},VIP,2023-07-01,468789577898262530\n${uid(1)},VIP,2023-07-01,9\n`;
  expect((await importText(later, { dryRun: true })).outcomes).toMatchObject({ added: 1, known: 1 });
  expect((await importText(later)).outcomes).toMatchObject({ added: 1, known: 1 });
  expect((await world.db.query('select count(*)::int as n from tag_message_keys')).rows).toEqual([{ n: 5 }]);
});

test('kinds and order: a late event never puts a tag on again, whatever order the lines come in', async () => {
  const text = [
    'uid,tag,time,action',
    `${uid(1)},a,2024-01-03,移除`,
    `${uid(1)},a,2024-01-01,貼標`,
    `${uid(2)},a,2024-01-01,`,
    `${uid(2)},a,2024-01-02,removed`,
    `${uid(2)},a,2024-01-04,add`,
    `${uid(3)},a,2024-01-01,perhaps`,
  ].join('\n');
  const result = await importText(text);
  expect(result.outcomes).toMatchObject({ added: 5, invalid: 1 });
  const at = (day: string) => Date.parse(`${day}T00:00:00+08:00`) / 1000;
  expect(await tagsNow(world.db)).toEqual([`2 a@${at('2024-01-04')}.000000`]);
  await importText(`uid,tag,time\n${uid(1)},a,2024-01-02\n${uid(2)},a,2024-01-03\n`, {}, 'late.csv');
  expect(await tagsNow(world.db)).toEqual([`2 a@${at('2024-01-04')}.000000`]);
  await importText(`uid,tag,time\n${uid(1)},a,2024-01-05\n`, {}, 'new.csv');
  expect(await tagsNow(world.db)).toEqual([`1 a@${at('2024-01-05')}.000000`, `2 a@${at('2024-01-04')}.000000`]);
});

test('sources: known ones, others, and what cannot be one', async () => {
  const sources = ['Third Party System', 'my-shop.v2', '"', '中文', 'x'.repeat(64), ''];
  const text = [
    'uid,tag,time,source',
    ...sources.map((s) => `${uid(1)},t,2024-01-01,"${s.replaceAll('"', '""')}"`),
  ].join('\n');
  const result = await importText(text, { source: 'crm' });
  expect(await outcomesByLine(world.db, result.importId)).toEqual([
    '2 added',
    '3 added',
    '4 invalid (source_invalid)',
    '5 invalid (source_invalid)',
    '6 invalid (source_invalid)',
    '7 added',
  ]);
  expect((await logLines(world.db)).map((line) => line.split(' ').at(-1)).sort()).toEqual([
    'crm',
    'my-shop.v2',
    'third_party_system',
  ]);
});

test('Chinese sources are the same events as their words, and what is none is told with its column and what is one', async () => {
  const lines = (sources: string[]) =>
    ['uid,tag,貼標時間,來源', ...sources.map((s) => `${uid(1)},t,2024-01-01,${s}`)].join('\n');
  await importText(lines(['手動', '廣播']));
  const again = await importText(lines(['manual', 'broadcast', '某處']), { maxInvalid: 1 }, 'again.csv');
  expect(again.outcomes).toMatchObject({ known: 2, invalid: 1 });
  expect(again.reasons[0]).toMatchObject({ reason: 'source_invalid', lines: 1, line: 4 });
  expect(again.reasons[0]!.text).toMatch(/^Column “來源”: .*manual \(手動\), .*add_cart/);
  const late = await importText(`uid,tag,貼標時間\n${uid(1)},t,soon\n`, { maxInvalid: 1 }, 'late.csv');
  expect(late.reasons[0]!.text).toMatch(/^Column “貼標時間”: .*2024-03-05/);
  const key = await importText(`uid,tag,time\nx,t,2024-01-01\n`, { maxInvalid: 1 }, 'key.csv');
  expect(key.reasons[0]!.text).toMatch(/^Column “uid”: /);
  const json = await importText(`{"uid":"${uid(1)}","tag":"t","time":"soon"}\n`, { maxInvalid: 1 }, 'late.jsonl');
  expect(json.reasons[0]!.text).toMatch(/^Column “time”: /);
});
