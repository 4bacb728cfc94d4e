// One spelling of columns in files, snake_case, whatever the format.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeArrowFile } from '../../../adapters/arrow/ipc-file.ts';
import { csvToParquet } from '../../../adapters/duckdb/csv-to-parquet.ts';
import { writeWhole } from '../../../adapters/files/open-file.ts';
import { recipientCsv, REPORT_COLUMNS, type RecipientRow } from '../../../pipelines/reports/recipient-rows.ts';
import { statementsOf } from './statements.ts';

const NAMES = [
  'ordinal',
  'line',
  'contact_id',
  'address',
  'fate',
  'code',
  'delivery',
  'delivery_code',
  'attempts',
  'settled_at',
  'request_id',
  'message_id',
];
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-columns-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function* none(): AsyncGenerator<RecipientRow[]> {}

test('the report of a broadcast in CSV, Parquet and Arrow', async () => {
  const csv = await writeWhole(folder, 'report.csv', recipientCsv(none()));
  expect((await readFile(csv, 'utf8')).trim()).toBe(NAMES.join(','));
  const arrow = path.join(folder, 'report.arrow');
  await writeArrowFile({ path: arrow, columns: REPORT_COLUMNS, pages: none() });
  expect(tableFromIPC(await readFile(arrow)).schema.fields.map(({ name }) => name)).toEqual(NAMES);
  const parquet = path.join(folder, 'report.parquet');
  await csvToParquet(csv, parquet, REPORT_COLUMNS);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const described = await connection.runAndReadAll(`describe select * from '${parquet}'`);
  expect(described.getRows().map(([name]) => name)).toEqual(NAMES);
  connection.closeSync();
});

test('no statement that writes a file names a column in camelCase', () => {
  const writing = statementsOf('sql/duckdb').filter(({ text }) => /^\s*copy \(/m.test(text));
  expect(writing.length).toBeGreaterThan(3);
  for (const { name, text } of writing)
    expect(`${name}: ${text.match(/as "[a-z]+[A-Z]\w*"/g)?.join() ?? ''}`).toBe(`${name}: `);
});
