// Long cells of one sign cost a step for each: with any rule that looks again from each of them, these tests never end.
import { expect, it } from 'vitest';
import { readRecords } from '../../../pipelines/source/read-records.ts';
import { inspect } from './inspect-text.ts';

const COUNT = 100_000;

it.each([
  ['brackets', '('.repeat(COUNT)],
  ['an address of dots', `a@${'.'.repeat(COUNT)}@`],
])('%s in the first rows of a file', async (_, cell) => {
  const { profile } = await inspect(`member_id,note\nM1,${cell}\nM2,b\n`);
  expect(profile.headerRow).toBe(1);
});

it('a return in the last of many cells', () => {
  const bytes = Buffer.from(`${','.repeat(2_000_000)}"a\rb",x\n`);
  const [record] = readRecords({ bytes, byteStart: 0, firstLine: 1 }, { delimiter: ',', quote: '"' }).records;
  expect(record!.bareReturn).toBeUndefined();
});
