// The forms of files of tag events: formats, times, tags of every kind, and files that are none.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { lineId, outcomesByLine } from '../import-harness.ts';
import { importTagFile, logLines, tagImporter, tagWorld } from '../tag-harness.ts';

const world = tagWorld();

const importText = tagImporter(world);

const uid = lineId;

test('CSV, gzip, TSV, JSON Lines and Parquet of the same events give the same log', async () => {
  const rows = [
    { uid: uid(1), tag: 'a, "b"\n😀', time: '2024-02-29T23:59:59.123456+08:00', source: 'Broadcast' },
    { uid: uid(2), tag: '熟客', time: '2024-01-01 00:00:00', source: 'keyword auto reply' },
    { uid: uid(3), tag: 'null', time: '1704067200', source: '' },
  ];
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const table = (mark: string) =>
    ['uid,tag,time,source'.replaceAll(',', mark), ...rows.map((row) => Object.values(row).map(quoted).join(mark))].join(
      '\n',
    );
  const jsonl = rows.map((row) => JSON.stringify(row)).join('\n');
  const parquet = path.join(world.folder, 'tags.parquet');
  const lines = await world.file('in.jsonl', jsonl);
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  await duckdb.run(
    `copy (select * from read_json('${lines}', columns = {uid: 'VARCHAR', tag: 'VARCHAR', time: 'VARCHAR', source: 'VARCHAR'})) to '${parquet}' (format parquet)`,
  );
  duckdb.closeSync();
  const expected = [
    'applied 熟客 2023-12-31T16:00:00.000000Z keyword_auto_reply',
    'applied null 2024-01-01T00:00:00.000000Z import',
    'applied a, "b"\n😀 2024-02-29T15:59:59.123456Z broadcast',
  ];
  const forms: [string, string | Uint8Array | null][] = [
    ['tags.csv', table(',')],
    ['tags.csv.gz', gzipSync(table(','))],
    ['tags.tsv', table('\t')],
    ['tags.jsonl', jsonl],
    ['tags.ndjson.gz', gzipSync(`${jsonl}\n`)],
    ['tags.parquet', null],
  ];
  for (const [name, content] of forms) {
    await world.db.query('truncate tag_events, imports cascade');
    const file = content === null ? parquet : await world.file(name, content);
    const result = await importTagFile(world.deps, { file, channel: 'line', again: true });
    expect(result.outcomes, name).toEqual({ added: 3, known: 0, unmatched: 0, ambiguous: 0, invalid: 0 });
    expect(await logLines(world.db), name).toEqual(expected);
  }
});

test('JSON Lines: numbers keep their digits, what is no object is told, the rejects can be imported again', async () => {
  await world.db.query(
    `insert into contacts (id, channel_id, social_id, source) values (101, 'fb', '12345678901234567', 'test')`,
  );
  const text = [
    '{"psid": 12345678901234567, "tag": "VIP", "time": 1704067200123}',
    '{"psid": 12345678901234567, "tag": "VIP", "time": 1704067200.5, "source": null}',
    '{"psid": 12345678901234567, "tag": ["a"], "time": 1704067200}',
    'not json',
    '',
    '{"psid": 99345678901234567, "tag": "VIP", "time": 1704067200}',
    '{"tag": "VIP", "time": 1704067200}',
  ].join('\n');
  const result = await importText(text, { channel: 'fb' }, 'events.jsonl');
  expect(await outcomesByLine(world.db, result.importId)).toEqual([
    '1 added',
    '2 added',
    '3 invalid (value_not_plain)',
    '4 invalid (json_invalid)',
    '6 unmatched',
    '7 invalid (social_id_missing)',
  ]);
  expect(await logLines(world.db)).toEqual([
    'applied VIP 2024-01-01T00:00:00.123000Z import',
    'applied VIP 2024-01-01T00:00:00.500000Z import',
  ]);
  const rejects = (await readFile(result.rejectsFile!, 'utf8')).trimEnd();
  expect(rejects.split('\n').map((line) => (JSON.parse(line) as { sluice_line: number }).sluice_line)).toEqual([
    3, 4, 6, 7,
  ]);
  expect(rejects).toContain('"psid": 99345678901234567');
  await world.db.query(
    `insert into contacts (id, channel_id, social_id, source) values (102, 'fb', '99345678901234567', 'test')`,
  );
  const again = await importText(rejects, { channel: 'fb' }, 'again.jsonl');
  expect(again.outcomes).toMatchObject({ added: 1, invalid: 3 });
});

test('times: leap days, clocks that change, mixed forms in one column, zones', async () => {
  const text = (times: string[]) => ['uid,tag,time', ...times.map((time) => `${uid(1)},t,${time}`)].join('\n');
  const result = await importText(
    text([
      '2024-02-29 12:00',
      '2023-02-29 12:00',
      '2024-03-10T02:30:00',
      '2024-11-03T01:30:00',
      '2024-11-03T01:30:00-05:00',
      '1709208000',
      '1709208000123',
      '1709208000123456',
      '20240229120000',
      '2024年2月29日 12時00分',
      'Thu Feb 30 2024',
    ]),
    { timeZone: 'America/New_York' },
  );
  const { rows } = await world.db.query<{ line: string; at: string }>(
    `select to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as at from tag_events order by id`,
  );
  expect(rows.map(({ at }) => at).sort()).toEqual(
    [
      '2024-02-29 17:00:00.000000',
      // 02:30 does not exist that night; of 01:30, which is twice, the first is meant.
      '2024-03-10 07:30:00.000000',
      '2024-11-03 05:30:00.000000',
      '2024-11-03 06:30:00.000000',
      '2024-02-29 12:00:00.000000',
      '2024-02-29 12:00:00.123000',
      '2024-02-29 12:00:00.123456',
      '2024-02-29 17:00:00.000000',
      '2024-02-29 17:00:00.000000',
    ].sort(),
  );
  expect(await outcomesByLine(world.db, result.importId)).toContain('3 invalid (time_invalid)');
  expect(await outcomesByLine(world.db, result.importId)).toContain('12 invalid (time_invalid)');
  await expect(importText(text(['05/06/2024']))).rejects.toMatchObject({ code: 'date_format_ambiguous' });
  const declared = { dateFormat: 'dd/MM/yyyy' };
  expect((await importText(text(['05/06/2024', '2024-06-05', '1709208001']), declared)).outcomes).toMatchObject({
    added: 3,
  });
  await expect(importText(text(['2024-01-01']), { timeZone: 'Mars/Base' })).rejects.toMatchObject({
    code: 'time_zone_unknown',
  });
});

test('tags of every kind, up to 10,000 characters: stored as they are, or told why not', async () => {
  const good = ['a,b', '"', '😀👩‍👩‍👧', "'; drop table tag_events; --", '\\N', '%_', 'x'.repeat(2_000), '😀'.repeat(500)];
  const bad = ['x'.repeat(2_001), 'x'.repeat(10_000), '😀'.repeat(501), '😀'.repeat(10_000), '字'.repeat(10_000)];
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const text = ['uid,tag,time', ...[...good, ...bad].map((tag) => `${uid(1)},${cell(tag)},2024-01-01`)].join('\n');
  const result = await importText(text);
  expect(result.outcomes).toEqual({ added: good.length, known: 0, unmatched: 0, ambiguous: 0, invalid: bad.length });
  expect(await outcomesByLine(world.db, result.importId)).toContain('13 invalid (tag_too_long)');
  for (const table of ['tag_events', 'contact_tags']) {
    const { rows } = await world.db.query<{ tag: string }>(`select tag from ${table}`);
    expect(rows.map(({ tag }) => tag).sort()).toEqual([...good].sort());
  }
  const rejects = await readFile(result.rejectsFile!, 'utf8');
  expect(rejects).toContain('The tag is longer than 2,000 bytes');
});

test('files that are none: empty, header only, one JSON list, broken JSON, Parquet without rows or damaged', async () => {
  await expect(importText('', {}, 'empty.csv')).rejects.toMatchObject({ code: 'file_empty' });
  expect(await importText('uid,tag,time\n', {}, 'header.csv')).toMatchObject({
    state: 'done',
    lines: 0,
    rejectsFile: null,
  });
  const list = JSON.stringify([{ uid: uid(1), tag: 'a', time: 1704067200 }]);
  await expect(importText(list, {}, 'list.json')).rejects.toMatchObject({ code: 'json_lines_invalid' });
  await expect(importText('{"uid":\n1}', {}, 'broken.json')).rejects.toMatchObject({ code: 'json_lines_invalid' });
  await expect(importText('PAR1 and then nothing', {}, 'damaged.parquet')).rejects.toMatchObject({
    code: 'file_corrupt',
  });
  await expect(importText(gzipSync('uid,tag,time').subarray(0, 20), {}, 'cut.gz')).rejects.toMatchObject({
    code: 'file_corrupt',
  });
  const parquet = path.join(world.folder, 'none.parquet');
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  await duckdb.run(`copy (select 'x' as uid, 'y' as tag, 1 as time where false) to '${parquet}' (format parquet)`);
  duckdb.closeSync();
  await expect(importTagFile(world.deps, { file: parquet, channel: 'line' })).rejects.toMatchObject({
    code: 'file_empty',
    message: expect.stringContaining('none.parquet') as string,
  });
});

test('Parquet by the types of its columns: instants, local times, whole numbers, lists', async () => {
  const parquet = path.join(world.folder, 'types.parquet');
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  await duckdb.run(`copy (
    select 'M1' as member_id, 'a' as tag, timestamptz '2024-01-01 00:00:00.123456+00' as time, 'x' as other
    union all select 'M2', 'b', timestamptz '2024-01-01 08:00:00+08', null) to '${parquet}' (format parquet)`);
  expect((await importTagFile(world.deps, { file: parquet, channel: 'line' })).outcomes).toMatchObject({ added: 2 });
  await duckdb.run(
    `copy (select 'M1' as member_id, 'c' as tag, timestamp '2024-01-01 08:00:00' as time) to '${parquet}' (format parquet)`,
  );
  expect((await importTagFile(world.deps, { file: parquet, channel: 'line' })).outcomes).toMatchObject({ added: 1 });
  await duckdb.run(
    `copy (select 'M1' as member_id, 'd' as tag, 1704067200000::bigint as time) to '${parquet}' (format parquet)`,
  );
  expect((await importTagFile(world.deps, { file: parquet, channel: 'line' })).outcomes).toMatchObject({ added: 1 });
  await duckdb.run(
    `copy (select 'M1' as member_id, ['e'] as tag, 1704067200 as time) to '${parquet}' (format parquet)`,
  );
  const list = await importTagFile(world.deps, { file: parquet, channel: 'line', maxInvalid: 1 });
  expect(await outcomesByLine(world.db, list.importId)).toEqual(['1 invalid (value_not_plain)']);
  duckdb.closeSync();
  expect((await logLines(world.db)).sort()).toEqual([
    'applied a 2024-01-01T00:00:00.123456Z import',
    'applied b 2024-01-01T00:00:00.000000Z import',
    'applied c 2024-01-01T00:00:00.000000Z import',
    'applied d 2024-01-01T00:00:00.000000Z import',
  ]);
});
