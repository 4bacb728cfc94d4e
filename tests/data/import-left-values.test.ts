// What a cell held and was not taken: further phones and e-mails, attributes that nobody defined. The summary says so.
import { beforeEach, expect, test } from 'vitest';
import { stageLines } from '../../pipelines/import/stage.ts';
import { resolveLines } from '../../pipelines/import/resolve.ts';
import { reportImport } from '../../pipelines/import/report.ts';
import { importWorld, lineId } from '../import-harness.ts';

const world = importWorld();
beforeEach(() => world.db.query('truncate contacts, contact_tags, tag_events, import_lines'));

const rows = (count: number) =>
  Array.from({ length: count }, (_, n) => `${lineId(n)}\t09123456${String(n).padStart(2, '0')}\t`);

const HEADER = 'LINE UID\tphone\temail';
/** Line 4 and 6 hold two phones, line 5 one twice, line 7 one and a remark, line 8 two e-mails, line 9 two phones and a bad e-mail. */
const LINES = [
  HEADER,
  ...rows(2),
  `${lineId(10)}\t02-2345-6789 / 0912345678\t`,
  `${lineId(11)}\t0912345678;+886912345678\t`,
  `${lineId(12)}\t0912345678 ::: 0922333444\t`,
  `${lineId(13)}\t0912345678、ask first\t`,
  `${lineId(14)}\t\tamy@example.com ::: ben@example.com`,
  `${lineId(15)}\t0912345678;0922333444\tnone`,
];
const SAID = [
  '2 lines held more than one phone, the first of them line 4: the first usable one was taken (a mobile number, where there is one), the others were left.',
  '1 line held more than one e-mail, line 8: the first usable one was taken, the others were left.',
];

test('counts and the first line, no value; lines that are invalid do not count', async () => {
  const file = await world.file('several.tsv', `${LINES.join('\n')}\n`);
  const result = await world.run({ file, channel: 'line', maxInvalid: 1 });
  expect(result.warnings).toEqual(SAID);
  expect(result.outcomes).toMatchObject({ create: 7, invalid: 1 });
  const { rows: stored } = await world.db.query('select phone from contacts where social_id = $1', [lineId(10)]);
  expect(stored).toEqual([{ phone: '+886912345678' }]);
});

test('a file without them says nothing of it', async () => {
  const file = await world.file('single.tsv', `${[HEADER, ...rows(3)].join('\n')}\n`);
  expect((await world.run({ file, channel: 'line' })).warnings).toEqual([]);
});

test('blocks and transactions add up, also when staging stops half-way and goes on', async () => {
  const file = await world.file('more.tsv', `${LINES.join('\n')}\n${rows(60).join('\n')}\n`);
  const ref = await world.register({ file, channel: 'line', maxInvalid: 1, again: true });
  const deps = { ...world.deps, stageTransactionBytes: 150, stageBlockBytes: 100 };
  const stopping = new AbortController();
  const control = { signal: stopping.signal, onProgress: (lines: number) => lines >= 4 && stopping.abort() };
  await expect(stageLines(ref, deps, deps.openSpool, control)).rejects.toThrow();
  const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
  await stageLines(ref, deps, deps.openSpool, quiet);
  await resolveLines(ref, deps, quiet);
  expect((await reportImport(ref, 'done', deps)).warnings).toEqual(SAID);
});

test('attributes that nobody defined are left out and counted', async () => {
  const lines = ['LINE UID\tattributes', `${lineId(1)}\tlevel=gold;city=Taipei`, `${lineId(2)}\tlevel=gold`];
  const file = await world.file('attributes.tsv', `${lines.join('\n')}\n`);
  await world.db.query(`insert into attribute_definitions (name, type) values ('city', 'text') on conflict do nothing`);
  const result = await world.run({ file, channel: 'line' });
  expect(result.warnings).toEqual([
    '2 lines named an attribute that is not defined, the first of them line 2: it was left out. --create-attributes makes those that the first 256 KiB of the file name.',
  ]);
  const { rows: stored } = await world.db.query('select attributes from contacts where social_id = $1', [lineId(1)]);
  expect(stored).toEqual([{ attributes: { city: 'Taipei' } }]);
});
