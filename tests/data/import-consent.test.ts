// Whoever said no in a shop's export does not come in subscribed; and what a summary says of lines that were not taken.
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeResult } from '../../workflows/import-details.ts';
import { lineId, importWorld } from '../import-harness.ts';

const world = importWorld();
beforeEach(() => world.db.query('truncate contacts, contact_tags, tag_events, import_lines, attribute_definitions'));

let files = 0;
async function importLines(lines: string[], options: Record<string, unknown> = {}, channel = 'line') {
  const file = await world.file(`consent-${++files}.csv`, `${lines.join('\n')}\n`);
  return world.run({ file, channel, maxInvalid: 1, again: true, ...options });
}

async function subscribed(): Promise<number> {
  return (await world.db.query('select from contacts where subscribed')).rowCount;
}

const people = (cells: string[]) => cells.map((cell, n) => `${lineId(n)},09123456${10 + n},${cell}`);

describe('consent headers', () => {
  test.each(['接受優惠宣傳', 'Accepts Marketing', '願意接收行銷訊息', '訂閱LINE', 'LINE 訂閱', '是否接受行銷（選填）'])(
    '“%s” decides on LINE',
    async (header) => {
      const result = await importLines([`LINE UID,手機,${header}`, ...people(['是', '否', '否', '是'])]);
      expect([result.outcomes.create, await subscribed(), result.warnings]).toEqual([4, 2, []]);
    },
  );

  test.each([
    '訂閱電郵',
    'Accepts Email Marketing',
    'Accepts SMS Marketing',
    '訂閱電子報',
    'WhatsApp opt in',
    '訂閱簡訊',
  ])('“%s” is no consent for LINE: it decides nothing there, and that is said', async (header) => {
    const result = await importLines([`LINE UID,手機,${header}`, ...people(['yes', 'no'])]);
    expect(await subscribed()).toBe(2);
    expect(result.warnings).toEqual([expect.stringContaining(`“${header}”`)]);
  });

  test('WhatsApp has its own; the channel’s own goes before the general one', async () => {
    const lines = ['手機,接受優惠宣傳,WhatsApp 訂閱', '0912345678,是,否', '0922333444,否,是'];
    await importLines(lines, {}, 'wa');
    const { rows } = await world.db.query<{ phone: string }>('select phone from contacts where subscribed');
    expect(rows).toEqual([{ phone: '+886922333444' }]);
  });

  test('an unknown yes-or-no column that speaks of consent is warned about, unless the user said what it is', async () => {
    const lines = ['LINE UID,手機,是否願意收到我們的行銷簡介', ...people(['Y', 'N'])];
    expect((await importLines(lines, { dryRun: true })).warnings).toHaveLength(1);
    expect((await importLines(lines, { map: { ignored: '是否願意收到我們的行銷簡介' } })).warnings).toEqual([]);
    expect((await importLines(lines, { map: { subscribed: '是否願意收到我們的行銷簡介' } })).warnings).toEqual([]);
    const dates = ['LINE UID,手機,行銷訊息說明', ...people(['每週一', '無所謂'])];
    expect((await importLines(dates)).warnings).toEqual([]);
  });
});

describe('summaries name reasons', () => {
  test('the three most frequent, with counts, a line, the column and what it accepts', async () => {
    const result = await importLines(
      [
        'LINE UID,手機,訂閱狀態,生日,點數,Email',
        `${lineId(1)},0912345678,也許,,,`,
        `${lineId(2)},0912345678,maybe,,,`,
        `${lineId(3)},0912345678,?,,,`,
        `${lineId(4)},0912345678,是,2024-01-01,很多,`,
        `${lineId(5)},0912345678,是,2024-01-01,多,`,
        `${lineId(6)},12,是,2024-01-01,1,`,
        `${lineId(7)},0912345678,是,2024-01-01,1,x`,
        `${lineId(8)},0912345678,是,2024-01-01,2,`,
      ],
      { map: { 'attribute:points:number': '點數', 'attribute:birthday:date': '生日' }, createAttributes: true },
    );
    expect(result.reasons.map(({ reason, lines, line }) => [reason, lines, line])).toEqual([
      ['subscribed_invalid', 3, 2],
      ['attribute_number_invalid', 2, 5],
      ['email_invalid', 1, 8],
    ]);
    expect(result.reasons[0]!.text).toMatch(/^Column “訂閱狀態”: .*yes, no/);
    expect(result.reasons[1]!.text).toContain('“點數”');
    const shown = describeResult(result);
    for (const { text } of result.reasons) expect(shown).toContain(text);
    const rejects = await readFile(result.rejectsFile!, 'utf8');
    expect(rejects).toContain('attribute_number_invalid,"Column “點數”');
    expect(JSON.stringify(result)).not.toContain('也許');
  });

  test('an import that is rejected says why', async () => {
    const lines = ['LINE UID,手機', ...Array.from({ length: 8 }, (_, n) => `bad${n},0912345678`)];
    const result = await importLines(lines, { maxInvalid: 0.1 });
    expect(result).toMatchObject({ state: 'rejected', reasons: [{ reason: 'social_id_invalid', lines: 8, line: 2 }] });
    expect(result.message).toContain('“LINE UID”');
  });

  test('e-mail became the key since no phone was read: that is said, with the column that looks like it', async () => {
    const lines = ['Email,聯絡方式一', 'a@example.com,0912345678', 'b@example.com,0922333444'];
    const result = await importLines(lines, {}, 'wa');
    expect(result.reasons).toMatchObject([{ reason: 'contact_not_found', lines: 2 }]);
    expect(result.warnings.join()).toMatch(
      /No column was read as the phone, so lines are matched by e-mail.*--map phone=聯絡方式一/,
    );
    expect((await importLines(lines, { matchBy: 'email' }, 'wa')).warnings).toEqual([]);
  });
});
