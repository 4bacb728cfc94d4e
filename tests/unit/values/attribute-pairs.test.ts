// A column that holds several attributes in each cell (自訂屬性): JSON as our own export writes it, or pairs.
import { describe, expect, it } from 'vitest';
import { attributePairs } from '../../../pipelines/values/attribute-pairs.ts';
import type { InspectOptions } from '../../../pipelines/import/inspect-file.ts';
import { rowNormaliser } from '../../../pipelines/import/normalise-row.ts';
import { inspect } from '../import/inspect-text.ts';

it.each<[string, Record<string, string> | null]>([
  ['{"等級":"金","點數":12.5,"會員":true,"生日":null}', { 等級: '金', 點數: '12.5', 會員: 'true' }],
  ['等級=金; 點數=1,200', { 等級: '金', 點數: '1,200' }],
  ['等級：金；備註：a=b', { 等級: '金', 備註: 'a=b' }],
  ['level: gold\npoints: 3', { level: 'gold', points: '3' }],
  ['level=', { level: '' }],
  ['{}', {}],
  ['金卡', null],
  ['=x', null],
  ['{"a":{"b":1}}', null],
  ['{"a":[1]}', null],
  ['{broken', null],
  ['a=1;b', null],
])('%j', (cell, pairs) => {
  const found = attributePairs(cell);
  expect(found === null ? null : Object.fromEntries(found)).toEqual(pairs);
});

const DEFINED = [
  { name: '等級', type: 'text' as const },
  { name: '點數', type: 'number' as const },
];

async function read(lines: string[], options: Partial<InspectOptions> = {}) {
  const { profile } = await inspect(`${lines.join('\n')}\n`, { quote: 'none', ...options });
  const normalise = rowNormaliser(profile.plan);
  const rows = lines.slice(1).map((line, index) => {
    const row = normalise({ line: index + 2, byteStart: 0, byteLength: 0, fields: line.split('\t') });
    return row.reason ?? row.attributes;
  });
  return { profile, rows };
}

describe('an import', () => {
  it('reads the attributes that are defined', async () => {
    const lines = [
      'member_id\t自訂屬性',
      'M1\t{"等級":"金","點數":12}',
      'M2\t等級=銀; 城市=台北',
      'M3\t',
      'M4\t點數=多',
    ];
    const { profile, rows } = await read(lines, { definitions: DEFINED });
    expect(profile.columns[1]).toMatchObject({ field: 'attributes', why: 'word' });
    expect(rows).toEqual([{ 等級: '金', 點數: 12 }, { 等級: '銀' }, null, 'attribute_number_invalid#2']);
    expect(profile.warnings).toEqual([]);
    expect(profile.newAttributes).toEqual([]);
  });

  it('makes those of the first records when told; a name that comes later is left out, and counted', async () => {
    const lines = [
      'member_id\t自訂屬性',
      'M1\t城市=台北;消費=1,200;折扣=5,5;生日=13/3/2024',
      'M2\t城市=高雄;消費=5;折扣=7,5;生日=1/2/2024',
    ];
    const { profile, rows } = await read(lines, { definitions: DEFINED, createAttributes: true });
    expect(rows).toEqual([
      { 城市: '台北', 消費: 1200, 折扣: '5,5', 生日: '13/3/2024' },
      { 城市: '高雄', 消費: 5, 折扣: '7,5', 生日: '1/2/2024' },
    ]);
    expect(profile.newAttributes).toEqual([
      { name: '城市', type: 'text' },
      { name: '消費', type: 'number' },
      // What proves its form in a column of its own, proves none here.
      { name: '折扣', type: 'text' },
      { name: '生日', type: 'text' },
    ]);
    const normalise = rowNormaliser(profile.plan);
    const row = (cell: string) => normalise({ line: 2, byteStart: 0, byteLength: 0, fields: ['M1', cell] });
    expect(row('城市=台南;消費=7').attributes).toEqual({ 城市: '台南', 消費: 7 });
    expect(row('城市=台南;新=7;又=8')).toMatchObject({
      reason: null,
      attributes: { 城市: '台南' },
      left: ['attribute', 'attribute'],
    });
    expect(row('金卡').reason).toBe('attributes_invalid#2');
  });

  it('lets a column of its own go first', async () => {
    const { rows, profile } = await read(['member_id\t等級\tattributes', 'M1\t金\t{"等級":"銀","點數":3}'], {
      definitions: DEFINED,
    });
    expect(rows).toEqual([{ 等級: '金', 點數: 3 }]);
    expect(profile.warnings).toEqual([]);
  });

  it('leaves out a column whose cells are something else', async () => {
    const { profile, rows } = await read(['member_id\t自訂屬性', 'M1\t金卡', 'M2\t銀卡'], { definitions: DEFINED });
    expect(profile.columns[1]).toMatchObject({ field: null, why: 'misfit' });
    expect(profile.warnings).toEqual([
      expect.stringMatching(
        /^Of the 2 cells of the column “自訂屬性”.*2 are neither JSON nor pairs.*left out.*--map ignored=自訂屬性/,
      ),
    ]);
    expect(rows).toEqual([null, null]);
  });
});

it('numbers of pairs have the decimal mark that was declared, those of JSON a point', async () => {
  const cells = ['price=1.234; n=5,5', '{"price": 1.5}'];
  const definitions = [
    { name: 'price', type: 'number' as const },
    { name: 'n', type: 'number' as const },
  ];
  const text = `member_id\t自訂屬性\nM1\t${cells[0]!}\nM2\t${cells[1]!}\n`;
  const { profile } = await inspect(text, { definitions, decimalMark: 'comma' });
  const normalise = rowNormaliser(profile.plan);
  const read = (cell: string) => normalise({ line: 2, byteStart: 0, byteLength: 0, fields: ['M1', cell] }).attributes;
  expect(cells.map(read)).toEqual([{ price: 1234, n: 5.5 }, { price: 1.5 }]);
});
