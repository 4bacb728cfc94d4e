// A lone `\r` in a cell without quotes while records end with `\n`: most likely two records became one, so nobody is read from it.
import { describe, expect, it } from 'vitest';
import { listLineReader } from '../../../pipelines/audience/list-line.ts';
import type { ListPlan } from '../../../pipelines/audience/list-plan.ts';
import type { Marks } from '../../../pipelines/source/marks.ts';
import { normaliseBlock } from '../../../pipelines/import/normalise-block.ts';
import { readRecords } from '../../../pipelines/source/read-records.ts';
import { describeReason } from '../../../pipelines/values/reasons.ts';
import { copyTagBlock } from '../../../pipelines/tags/tag-block.ts';
import { CSV_PLAN } from '../tags/csv-plan.ts';
import { inspect } from '../import/inspect-text.ts';

const MARKS: Marks = { delimiter: ',', quote: '"', width: 3 };
const block = (text: string) => ({ bytes: Buffer.from(text), byteStart: 0, firstLine: 1 });
const flags = (text: string, marks: Partial<Marks> = {}) =>
  readRecords(block(text), { ...MARKS, ...marks }).records.map(({ bareReturn }) => bareReturn === true);

describe('a bare carriage return', () => {
  it.each<[string, string, boolean[]]>([
    ['a record swallowed by the one above, of the right width', 'M1,a\rM2,b\nM3,c,d\n', [true, false]],
    ['with records that end with \\r\\n', 'M1,a,x\rM2,b,y\r\nM3,c,d\r\n', [true, false]],
    ['at the end of a cell', 'M1,a\r,b\n', [true]],
    ['in the last record, which has no line break', 'M0,a,b\nM1,a\rM2,b', [false, true]],
    ['beside a quoted cell', '"M1","a",x\rM2\n', [true]],
    ['behind a quoted cell', 'M1,"a"\rM2,"b"\n', [true]],
    ['where a quote breaks the rule', '"5" pipe\rM2",x,y\n', [true]],
    ['inside a quoted cell it is a line break', 'M1,"a\rb",c\nM2," a\r\nb\r",c\n', [false, false]],
    ['blanks before the quote', 'M1, "a\rb",c\n', [false]],
    ['doubled line breaks', 'M1,a,b\r\r\nM2,a,b\r\r\n\r\r\n', [false, false, false]],
    ['nothing but blanks on one side of it', ' \rM1,a,b\nM2,a,b \r \n', [false, false]],
  ])('%s', (_, text, expected) => {
    expect(flags(text)).toEqual(expected);
  });

  it('is a line break where it ends records', () => {
    expect(flags('M1,a,b\rM2,c,d\n', { loneReturns: true })).toEqual([false, false]);
  });

  it('is text of a quoted cell only where the quote counts', () => {
    expect(flags('M1,"a\rb",c\n', { quote: '' })).toEqual([true]);
    expect(flags("M1,'a\rb',c\n", { quote: "'" })).toEqual([false]);
  });
});

describe('the line with one is invalid, and says why', () => {
  const text = 'M1,a\rM2,b\nM3,c,d\n';

  it('in an import', async () => {
    const { profile } = await inspect(`member_id,name,note\n${text}${'M4,e,f\n'.repeat(3)}`);
    const { rows, blank } = normaliseBlock(block(text), profile.plan);
    expect(rows.map(({ reason }) => reason)).toEqual(['bare_return', null]);
    expect(blank).toBe(0);
    expect(describeReason('bare_return')).toMatch(/carriage return/);
  });

  it('in a list', () => {
    const plan: ListPlan = {
      ...MARKS,
      channelKind: 'line',
      defaultCountry: 'TW',
      columns: 3,
      matchBy: 'member_id',
      keyColumn: 0,
      phoneMatch: 'e164',
      sources: [],
    };
    const read = listLineReader(plan);
    expect(readRecords(block(text), MARKS).records.map((record) => read(record).reason)).toEqual(['bare_return', null]);
  });

  it('in a tag log', () => {
    const plan = { ...CSV_PLAN, ...MARKS, matchBy: 'member_id' as const };
    const tags = 'M1,a\rM2,2024-03-05\nM3,c,2024-03-05\n';
    const reasons = copyTagBlock(block(tags), plan)
      .copyText.toString()
      .trimEnd()
      .split('\n')
      .map((row) => row.split('\t')[3]);
    expect(reasons).toEqual(['bare_return', '\\N']);
  });
});

it('a list of one column whose ids are parted by both is read as all of them', async () => {
  const { profile, sample } = await inspect('member_id\rM1\nM2\rM3\nM4\n');
  expect(profile).toMatchObject({ loneReturns: true, records: 4 });
  expect(sample).toEqual([['M1'], ['M2'], ['M3'], ['M4']]);
});
