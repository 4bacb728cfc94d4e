// What each column became and why, as `contacts import --dry-run`, `tags import --dry-run` and `broadcast plan` show it.
import { expect, test } from 'vitest';
import { columnTable } from '../../../cli/column-table.ts';
import { renderImport } from '../../../cli/contacts-import.ts';
import { emptyOutcomes, type ImportResult } from '../../../contracts/import.ts';
import { listReadings } from '../../../pipelines/audience/list-readings.ts';
import type { ListPlan } from '../../../pipelines/audience/list-plan.ts';
import type { ColumnReading } from '../../../pipelines/import/column-meaning.ts';
import { readingsOf } from '../../../pipelines/tags/tag-readings.ts';
import type { TagPlan } from '../../../pipelines/tags/tag-plan.ts';

const result: ImportResult = {
  ...{ importId: '1', state: 'done', channel: 'shop', dryRun: true, recognised: false, lines: 0 },
  ...{ skipped: { blank: 0, preamble: 0, header: 1, footer: 0 }, outcomes: emptyOutcomes() },
  ...{ rejectsFile: null, diffFile: null, message: null, reasons: [], warnings: [] },
};
const columns: ColumnReading[] = [
  { header: 'LINE UID', field: 'social_id', confidence: 1, why: 'word' },
  { header: ' 電話', field: 'phone', confidence: 0.8, why: 'likely word' },
  { header: '備註', field: null, confidence: 0, why: 'unknown' },
  { header: '等級', field: null, confidence: 0, why: 'misfit' },
  { header: '分店', field: null, confidence: 0, why: 'unknown' },
];

test('a dry run shows every column, a guess as a guess; an import those that it left out', () => {
  expect(renderImport({ ...result, columns })).toContain(
    [
      'column    read as    because',
      'LINE UID  social_id  known word',
      '電話      phone      likely word (a guess)',
      '備註      (ignored)  nothing says what it is',
    ].join('\n'),
  );
  const real = renderImport({ ...result, dryRun: false, columns });
  expect(real).toMatch(/\n\d+ lines?; skipped 1 record \(/);
  expect(real).toContain('Not imported (nothing says what it is): “備註”, “分店”\n');
  expect(real).toContain('Not imported (its cells do not fit the attribute of that name): “等級”\n');
  expect(real).not.toContain('LINE UID');
  expect(renderImport(result)).not.toContain('read as');
});

test('the columns of tag events, of JSON too', () => {
  const plan = { format: 'csv', channelKind: 'line', matchBy: 'member_id', key: 0, tag: 1, time: 3 } as TagPlan;
  const none = { source: null, messageId: null, kind: null };
  const csv = { headers: ['會員編號', '標籤', '備註', '日期'], plan: { ...plan, ...none } };
  expect(columnTable(readingsOf(csv, { tag: '標籤' }))[0]!.split('\n')).toEqual([
    'column    read as    because',
    '會員編號  member_id  known word',
    '標籤      tag        --map says so',
    '備註      (ignored)  nothing says what it is',
    '日期      time       likely word (a guess)',
  ]);
  const json = {
    headers: ['uid', 'tag', 'at'],
    plan: { ...plan, ...none, format: 'json' as const, key: 'uid', tag: 'tag', time: 'at' },
  };
  expect(readingsOf(json, { time: 'at' }).map(({ field, why }) => [field, why])).toEqual([
    ['member_id', 'word'],
    ['tag', 'word'],
    ['time', 'map'],
  ]);
});

test('the columns of a list: its key, what fills the message, and what nothing needs', () => {
  const plan = {
    ...{ channelKind: 'line', matchBy: 'phone', keyColumn: 1 },
    sources: [{ column: 0 }, { contact: 'email' }, { column: 1 }, { column: 2 }],
  } as unknown as ListPlan;
  const headers = ['name', '電話', '折扣碼', 'note'];
  const readings = listReadings({ headers, plan }, ['name', 'contact.email', '電話', 'code'], { code: '折扣碼' });
  expect(columnTable(readings)[0]!.split('\n')).toEqual([
    'column  read as          because',
    'name    {{name}}         place of the message of that name',
    '電話    phone, {{電話}}  likely word (a guess)',
    '折扣碼  {{code}}         --map says so',
    'note    (ignored)        nothing says what it is',
  ]);
  const bare = listReadings({ headers: ['column 1'], plan: { ...plan, keyColumn: 0, sources: [] } }, [], {});
  expect(bare).toEqual([{ header: 'column 1', field: 'phone', confidence: 1, why: 'form', places: [] }]);
});
