// Attributes of an earlier file beside a new one: forms that a column proves, columns that do not fit, single cells that do not.
import { describe, expect, it } from 'vitest';
import type { AttributeDefinition } from '../../../pipelines/import/column-meaning.ts';
import type { InspectOptions } from '../../../pipelines/import/inspect-file.ts';
import { inspect, rowsOf } from './inspect-text.ts';

const SPENT: AttributeDefinition[] = [{ name: '消費', type: 'number' }];
const BORN: AttributeDefinition[] = [
  { name: '生日', type: 'date' },
  { name: '到期', type: 'date' },
];

const table = (header: string, cells: string[]) =>
  [`member_id\t${header}`, ...cells.map((cell, index) => `M${index}\t${cell}`), ''].join('\n');

const rows = (text: string, options: Partial<InspectOptions>) =>
  rowsOf(text, options, ({ attributes, reason }) => reason ?? attributes);

describe('a column proves its form', () => {
  it('numbers with a decimal comma', async () => {
    expect(await rows(table('消費', ['5.064,75', '1.234', '12']), { definitions: SPENT })).toEqual([
      { 消費: 5064.75 },
      { 消費: 1234 },
      { 消費: 12 },
    ]);
  });

  it('each column its own', async () => {
    const text = table('消費\t運費', ['5.064,75\t1,234.50', '7,5\t$5']);
    expect(await rows(text, { definitions: [...SPENT, { name: '運費', type: 'number' }] })).toEqual([
      { 消費: 5064.75, 運費: 1234.5 },
      { 消費: 7.5, 運費: 5 },
    ]);
  });

  it('is read with a point and said where it proves none, unless the user says it', async () => {
    const text = table('消費', ['1.234', '950']);
    const { profile } = await inspect(text, { definitions: SPENT });
    expect(profile.warnings).toEqual([expect.stringMatching(/“消費”.*decimal point.*--decimal-mark comma/)]);
    expect(await rows(text, { definitions: SPENT })).toEqual([{ 消費: 1.234 }, { 消費: 950 }]);
    expect(await rows(text, { definitions: SPENT, decimalMark: 'comma' })).toEqual([{ 消費: 1234 }, { 消費: 950 }]);
    const said = await inspect(text, { definitions: SPENT, decimalMark: 'comma' });
    expect(said.profile.warnings).toEqual([]);
  });

  it('dates of two spellings, of which one proves no order by itself', async () => {
    const text = table('生日\t到期', ['15.08.1977\t01/02/2025', '01.02.1980\t2025-03-01']);
    expect(await rows(text, { definitions: BORN })).toEqual([
      { 生日: '1977-08-15', 到期: '2025-02-01' },
      { 生日: '1980-02-01', 到期: '2025-03-01' },
    ]);
    expect(await rows(table('生日\t到期', ['13/3/2024\t3/13/2024']), { definitions: BORN })).toEqual([
      { 生日: '2024-03-13', 到期: '2024-03-13' },
    ]);
  });

  it('says whose order the dates of a column take that prove none', async () => {
    const text = table('生日\t到期', ['15.08.1977\t01/02/2025', '01.02.1980\t2025-03-01']);
    const { profile } = await inspect(text, { definitions: BORN });
    expect(profile.warnings).toEqual([expect.stringMatching(/“到期”.*day first, as in “生日”/)]);
    const proven = await inspect(table('生日\t到期', ['15.08.1977\t13/02/2025']), { definitions: BORN });
    expect(proven.profile.warnings).toEqual([]);
  });

  it('serial days of a spreadsheet beside a column that proves an order', async () => {
    expect(await rows(table('生日\t到期', ['15.08.1977\t45356', '01.02.1980\t45357']), { definitions: BORN })).toEqual([
      { 生日: '1977-08-15', 到期: '2024-03-05' },
      { 生日: '1980-02-01', 到期: '2024-03-06' },
    ]);
    // In one column with dates that a spreadsheet did not understand, it may have taken the day of the others for the month.
    expect(await rows(table('生日', ['15.08.1977', '45356', '01.02.1980']), { definitions: BORN })).toEqual([
      { 生日: '1977-08-15' },
      'attribute_date_invalid',
      { 生日: '1980-02-01' },
    ]);
  });

  it('AM and PM without a blank before them', async () => {
    const joined: AttributeDefinition[] = [{ name: 'joined', type: 'datetime' }];
    expect(await rows(table('joined', ['13/3/2024 2:30PM', '1/3/2024 11:00 AM']), { definitions: joined })).toEqual([
      { joined: '2024-03-13T06:30:00.000Z' },
      { joined: '2024-03-01T03:00:00.000Z' },
    ]);
  });

  it('asks back where nothing proves an order, and says how to leave the column out', async () => {
    await expect(inspect(table('生日', ['05/06/2024']), { definitions: BORN })).rejects.toMatchObject({
      code: 'date_format_ambiguous',
      hint: expect.stringMatching(/--date-format.*--map ignored=生日/) as string,
    });
  });
});

describe('a column that does not fit the attribute of its name', () => {
  it('is left out, with how to import it all the same', async () => {
    const text = table('消費', ['高', '2024-03-05', '低', '中', '12', '是']);
    const { profile } = await inspect(text, { definitions: SPENT });
    expect(profile.columns[1]).toMatchObject({ field: null, confidence: 0, why: 'misfit' });
    expect(profile.warnings).toEqual([
      'Of the 6 cells of the column “消費” that were looked at, 5 are no number, as the attribute “消費” wants (3 text, 1 date, 1 yes or no): fewer than half fit, so the column is left out. --map ignored=消費 says that it shall be; --map "attribute:消費=消費" imports it all the same, and lines whose cell does not fit are invalid.',
    ]);
    expect(await rows(text, { definitions: SPENT })).toEqual([null, null, null, null, null, null]);
  });

  it('says of dates that --date-format does not read that they have another form, not that they are none', async () => {
    const { profile } = await inspect(table('生日', ['民國66年8月15日', '民國70年1月2日']), {
      definitions: BORN,
      dateFormat: 'rrr/M/d',
    });
    expect(profile.warnings[0]).toMatch(
      /^Of the 2 cells of the column “生日” that were looked at, 2 cannot be read as the date that the attribute “生日” wants \(2 date in another form than the rest or --date-format\): fewer than half fit/,
    );
  });

  it('stays where the user mapped it, and where half of it fits; that is said', async () => {
    const text = table('消費', ['高', '12', '13', '低']);
    const { profile } = await inspect(text, { definitions: SPENT });
    expect(profile.columns[1]).toMatchObject({ field: 'attribute:消費' });
    expect(profile.warnings).toEqual([
      'Of the 4 cells of the column “消費” that were looked at, 2 are no number, as the attribute “消費” wants (2 text): their lines are invalid. Where the column means something else, --map ignored=消費 leaves it out.',
    ]);
    const mapped = await inspect(table('花費', ['高', '低']), {
      definitions: SPENT,
      map: { 'attribute:消費': '花費' },
    });
    expect(mapped.profile.columns[1]).toMatchObject({ field: 'attribute:消費' });
    expect(mapped.profile.warnings[0]).toMatch(/2 are no number/);
  });

  it('a column without a cell fits', async () => {
    const { profile } = await inspect(table('消費\tname', ['\tAmy', '\tBen']), { definitions: SPENT });
    expect(profile.columns[1]).toMatchObject({ field: 'attribute:消費' });
    expect(profile.warnings).toEqual([]);
  });
});
