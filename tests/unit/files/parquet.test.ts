// What Parquet means by its types: INT96 is an instant in UTC, a whole floating-point number is written without decimals.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parquetToJsonLines } from '../../../adapters/duckdb/parquet-to-json-lines.ts';

// member_id DOUBLE (501, null, 503), tag BYTE_ARRAY, time INT96 (2025-12-31T16:30:00Z, null, 2026-01-01T15:59:59Z), as Spark and
// pandas write them.
const FILE = [
  'UEFSMRUAFSwVLCwVBhUAFQYVBhwAAAACAAAAAwUAAAAAAFB/QAAAAAAAcH9AFQAVPBU8LBUGFQAVBhUGHAAAAAIAAAAGAQMAAABWSVADAAAAVk',
  'lQBgAAAOaWsOWuohUAFTwVPCwVBhUAFQYVBhwAAAACAAAAAwUAUOYjBjYAAHGNJQAANu/PYjQAAHKNJQAVBBlMNQAYBnNjaGVtYRUGABUKJQIY',
  'CW1lbWJlcl9pZAAVDCUCGAN0YWclAEwcAAAAFQYlAhgEdGltZQAWBhkcGTwmABwVChklBgAZGAltZW1iZXJfaWQVABYGFlIWUiYISRwVABUAFQ',
  'IAPCkGGSYCBAAAACYAHBUMGSUGABkYA3RhZxUAFgYWYhZiJlpJHBUAFQAVAgA8FhgZBhkmAAYAAAAmABwVBhklBgAZGAR0aW1lFQAWBhZiFmIm',
  'vAFJHBUAFQAVAgA8KQYZJgIEAAAAFpYCFgYmCBaWAgAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGTwcAAAcAAAcAAAACQEAAF',
  'BBUjE=',
].join('');

it('INT96 is UTC, and ids that a blank cell made floating-point are whole again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'events.parquet');
  await writeFile(file, Buffer.from(FILE, 'base64'));
  const text = await parquetToJsonLines(file, folder, new AbortController().signal, (path) => readFile(path, 'utf8'));
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows).toEqual([
    { member_id: '501', tag: 'VIP', time: '2025-12-31T16:30:00.000000Z' },
    { member_id: null, tag: 'VIP', time: null },
    { member_id: '503', tag: '新客', time: '2026-01-01T15:59:59.000000Z' },
  ]);
});
