// Headers that stand in two or three rows, as spreadsheets have them: headings of groups above, the names of the columns below.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findListColumns } from '../../../pipelines/audience/list-columns.ts';
import { headerRowsWith, joinHeader } from '../../../pipelines/source/joined-header.ts';
import { readRecords } from '../../../pipelines/source/read-records.ts';
import { readTableShape, type TableShape } from '../../../pipelines/source/table-shape.ts';
import { findTagColumns } from '../../../pipelines/tags/tag-columns.ts';
import { inspect } from '../import/inspect-text.ts';

const rows = (count: number, row: (n: number) => string) => Array.from({ length: count }, (_, n) => row(n)).join('');
const people = rows(4, (n) => `客${n},09123456${n}0,M${n},x\n`);
const GROUPED = `聯絡資料,,會員,\n姓名,電話,會員編號,備註\n${people}`;

async function shapeOf(text: string): Promise<TableShape> {
  const bytes = Buffer.from(text);
  const reader = { read: async (buffer: Uint8Array, position: number) => bytes.copy(buffer, 0, position) };
  return readTableShape({ reader, bytes: bytes.length }, { channelKind: 'line' });
}

describe('rows that are one header', () => {
  it.each<[string, string, string[], number[]]>([
    ['two', GROUPED, ['聯絡資料 姓名', '聯絡資料 電話', '會員 會員編號', '會員 備註'], [1, 2]],
    [
      'three, below a title',
      `會員總表\n\n個人,,店,\n聯絡,,會員,\n姓名,電話,會員編號,備註\n${people}`,
      ['個人 聯絡 姓名', '個人 聯絡 電話', '店 會員 會員編號', '店 會員 備註'],
      [3, 4, 5],
    ],
    [
      'the heading of a group in each of its columns',
      `聯絡,聯絡,會員,會員\n姓名,電話,會員編號,備註\n${people}`,
      ['聯絡 姓名', '聯絡 電話', '會員 會員編號', '會員 備註'],
      [1, 2],
    ],
    [
      'names that span both rows, and columns without a group',
      `姓名,聯絡,,等級\n,電話,會員編號,\n${people}`,
      ['姓名', '聯絡 電話', '聯絡 會員編號', '等級'],
      [1, 2],
    ],
    [
      'quoted',
      GROUPED.replace('聯絡資料', '"聯絡,\n資料"'),
      ['聯絡,\n資料 姓名', '聯絡,\n資料 電話', '會員 會員編號', '會員 備註'],
      [1, 3],
    ],
  ])('%s', async (_, text, headers, lines) => {
    expect(await shapeOf(text)).toMatchObject({
      headers,
      headerRows: lines,
      headerRow: lines.at(-1),
      headerGuessed: true,
      records: 4,
      skipped: { header: lines.length },
    });
  });

  it.each<[string, string, number]>([
    ['a title', `會員名單\n姓名,電話,會員編號,備註\n${people}`, 1],
    ['a title that a spreadsheet padded', `會員名單,,,\n姓名,電話,會員編號,備註\n${people}`, 1],
    ['a name and its value', `匯出人員,王小明,,\n姓名,電話,會員編號,備註\n${people}`, 1],
    ['names with colons', `匯出人員：,,王小明,\n姓名,電話,會員編號,備註\n${people}`, 1],
    ['a date', `匯出時間,,2024-03-05,\n姓名,電話,會員編號,備註\n${people}`, 1],
    ['an address', `匯出人員,,a@example.com,\n姓名,電話,會員編號,備註\n${people}`, 1],
    ['groups above a blank line', `聯絡資料,,會員,\n\n姓名,電話,會員編號,備註\n${people}`, 1],
    ['a row of another width', `聯絡資料,,會員\n姓名,電話,會員編號,備註\n${people}`, 1],
    [
      'a row in which nothing spans',
      `甲,乙,丙\n姓名,電話,會員編號\n${rows(4, (n) => `客${n},09123456${n}0,M${n}\n`)}`,
      1,
    ],
    ['nothing', `姓名,電話,會員編號,備註\n${people}`, 0],
  ])('not with %s above: what stood above a header stays there', async (_, text, preamble) => {
    expect(await shapeOf(text)).toMatchObject({
      headers: text.includes('備註') ? ['姓名', '電話', '會員編號', '備註'] : ['姓名', '電話', '會員編號'],
      headerParts: [],
      records: 4,
      skipped: { header: 1, preamble },
    });
  });

  it('the width of the table is that of all rows', async () => {
    const { width, records } = await shapeOf(
      `聯絡資料,,會員編號\n姓名,電話,\n${rows(3, (n) => `客,09123456${n}0,M${n}\n`)}`,
    );
    expect([width, records]).toEqual([3, 3]);
  });
});

describe('columns are known by the whole or by the last part', () => {
  const fields = async (text: string, map: Record<string, string> = {}) =>
    (await inspect(text, { map })).profile.columns.map(({ field }) => field);

  it('in an import', async () => {
    expect(await fields(GROUPED)).toEqual(['display_name', 'phone', 'member_id', null]);
    const map = { 'tag:甲': '備註' };
    expect(await fields(GROUPED, map)).toEqual(['display_name', 'phone', 'member_id', 'tag:甲']);
    expect(await fields(GROUPED, { 'tag:甲': '會員 備註' })).toEqual(['display_name', 'phone', 'member_id', 'tag:甲']);
    expect(await fields(GROUPED, { 'tag:甲': '#4' })).toEqual(['display_name', 'phone', 'member_id', 'tag:甲']);
    const { profile } = await inspect(GROUPED, {
      createAttributes: true,
      definitions: [{ name: '備註', type: 'text' }],
    });
    expect(profile.columns.at(-1)).toMatchObject({ header: '會員 備註', field: 'attribute:備註' });
  });

  it('a last part that two groups have is asked about', async () => {
    const both = `會員,,收件人,\n會員編號,姓名,姓名,電話\n${rows(3, (n) => `M${n},客,友,09123456${n}0\n`)}`;
    await expect(inspect(both)).rejects.toMatchObject({ code: 'field_duplicate' });
    await expect(inspect(both, { map: { display_name: '姓名' } })).rejects.toMatchObject({ code: 'header_duplicate' });
    const map = { display_name: '會員 姓名', ignored: '收件人 姓名' };
    expect(await fields(both, map)).toEqual(['member_id', 'display_name', null, 'phone']);
  });

  it('in a list, places of its message too', async () => {
    const shape = await shapeOf(GROUPED);
    const request = { ...shape, hasHeader: true, channelKind: 'line', defaultCountry: 'TW', matchBy: null } as const;
    const found = (places: string[], map: Record<string, string> = {}) =>
      findListColumns({ ...request, matchBy: 'member_id', map, places });
    expect(found(['備註', '聯絡資料 姓名'])).toEqual({
      matchBy: 'member_id',
      keyColumn: 2,
      sources: [{ column: 3 }, { column: 0 }],
    });
    expect(found(['x'], { x: '姓名' })).toMatchObject({ sources: [{ column: 0 }] });
  });

  it('in a tag log', async () => {
    const shape = await shapeOf(
      `對象,,事件,\n會員編號,姓名,標籤,時間\n${rows(3, (n) => `M${n},客,甲,2024-03-0${n + 1}\n`)}`,
    );
    expect(shape.headerRows).toEqual([1, 2]);
    expect(findTagColumns({ ...shape, channelKind: 'line', map: {}, matchBy: null })).toMatchObject({
      matchBy: 'member_id',
      ...{ key: 0, tag: 2, time: 3 },
    });
  });
});

it('a file of ours with columns added is read again as the one it was made of', async () => {
  const shape = await shapeOf(GROUPED);
  const head = headerRowsWith(shape, ['sluice_line', 'sluice_reason'])
    .map((cells) => cells.join(','))
    .join('\n');
  const { profile } = await inspect(`${head}\n${people.replaceAll(',x\n', ',x,7,phone_invalid\n')}`);
  expect(profile.headers.slice(0, 4)).toEqual(shape.headers);
  expect(profile.columns.map(({ field }) => field)).toEqual(['display_name', 'phone', 'member_id', null, null, null]);
});

it('generated headers of k rows and n columns are joined, or the file is read as before; nothing is lost', async () => {
  const WORDS = ['姓名', '電話', '會員編號', 'Email', '等級', '生日', '城市', '點數'];
  const group = fc.constantFrom('聯絡資料', '會員', '訂單', '活動', 'Contact', 'Shop');
  const table = fc.record({
    names: fc.shuffledSubarray(WORDS, { minLength: 4 }),
    // Where groups begin in each row above, the first column always.
    above: fc.array(fc.array(fc.option(group, { freq: 2 }), { minLength: 8, maxLength: 8 }), { maxLength: 2 }),
    title: fc.constantFrom('', '會員名單\n', '會員名單\n\n', '匯出日期,2024-03-05\n'),
    people: fc.integer({ min: 1, max: 6 }),
  });
  let joined = 0;
  await fc.assert(
    fc.asyncProperty(table, async ({ names, above, title, people: count }) => {
      const groups = above.map((row) => names.map((_, column) => (column === 0 ? '總表' : (row[column] ?? ''))));
      const cell = (name: string, n: number) =>
        ({ 電話: `09123456${n}0`, 會員編號: `M${n}`, Email: `a${n}@x.tw`, 點數: `${n}5`, 生日: `1990-01-1${n}` })[
          name
        ] ?? `${name}值`;
      const data = Array.from({ length: count }, (_, n) => names.map((name) => cell(name, n)));
      const text = `${title}${[...groups, names, ...data].map((row) => row.join(',')).join('\n')}\n`;
      const shape = await shapeOf(text);
      const { skipped, headerRows, headers, records } = shape;
      const all = readRecords({ bytes: Buffer.from(text), byteStart: 0, firstLine: 1 }, shape).records.length;
      expect(records + skipped.blank + skipped.preamble + skipped.header + skipped.footer).toBe(all);
      expect(skipped.header).toBe(headerRows.length);
      if (headerRows.length < 2) expect(shape.headerParts).toEqual([]);
      else if (headerRows.length === groups.length + 1) {
        joined += 1;
        expect(headers).toEqual(joinHeader([...groups, names]));
        expect(headers.every((header, column) => header.endsWith(names[column]!))).toBe(true);
        expect(records).toBe(count);
      }
    }),
    { numRuns: 500 },
  );
  expect(joined).toBeGreaterThan(100);
});
