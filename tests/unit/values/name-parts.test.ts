// A display name that a file has in parts.
import { expect, test } from 'vitest';
import { joinName } from '../../../pipelines/values/name-parts.ts';
import type { InspectOptions } from '../../../pipelines/import/inspect-file.ts';
import { rowsOf } from '../import/inspect-text.ts';

test.each([
  [{ given_name: '小明', family_name: '王' }, '王小明'],
  [{ given_name: 'Ann', middle_name: 'van', family_name: 'Dyk' }, 'Ann van Dyk'],
  [{ given_name: 'Ann' }, 'Ann'],
  [{ family_name: '歐陽' }, '歐陽'],
  [{}, ''],
])('%o', (parts, name) => {
  expect(joinName(parts)).toBe(name);
});

const names = (text: string, options: Partial<InspectOptions> = {}) =>
  rowsOf(text, options, ({ displayName, reason }) => reason ?? displayName);

const UID = (n: number) => `U${String(n).padStart(32, '0')}`;

test('the name of a line is put together; blank parts change nothing, or clear it when that is wished', async () => {
  const text = `First Name,Last Name,LINE UID\n小明,王,${UID(1)}\nAnn,Lee,${UID(2)}\n,,${UID(3)}\n,陳,${UID(4)}\n`;
  expect(await names(text)).toEqual(['王小明', 'Ann Lee', null, '陳']);
  expect(await names(text, { clearEmpty: true })).toEqual(['王小明', 'Ann Lee', '', '陳']);
});

test('a part that is too long names its column', async () => {
  expect(await names(`LINE UID,姓,名\n${UID(1)},王,${'明'.repeat(256)}\n`)).toEqual(['display_name_too_long#3']);
  expect(await names(`LINE UID,姓,名\n${UID(1)},${'王'.repeat(200)},${'明'.repeat(200)}\n`)).toEqual([
    'display_name_too_long#3',
  ]);
});

test('which column is which part can be said', async () => {
  const map = { family_name: 'A', given_name: 'B' };
  expect(await names(`LINE UID,A,B\n${UID(1)},王,小明\n`, { map })).toEqual(['王小明']);
});
