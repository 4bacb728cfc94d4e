// What `tags frequency --format … --out …` writes, as docs/cli.md shows it.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isFolder, outFiles, renderWritten } from '../../../cli/frequency-files.ts';
import { parseFormats } from '../../../cli/tags-frequency.ts';

const written = (...args: Parameters<typeof outFiles>) =>
  outFiles(...args).map(({ window, format, path: file }) => `${window} ${format} ${path.relative('.', file)}`);

test('one file by its name, several formats and windows in a folder', () => {
  expect(written(['30d'], [], 'a.csv', false)).toEqual(['0 csv a.csv']);
  expect(written(['30d'], [], 'a.bin', false)).toEqual(['0 parquet a.bin']);
  expect(written(['30d'], ['json'], 'a.csv', false)).toEqual(['0 json a.csv']);
  expect(written(['7d', '30d'], ['csv', 'arrow', 'csv'], 'out', true)).toEqual([
    '0 csv out/7d.csv',
    '0 arrow out/7d.arrow',
    '1 csv out/30d.csv',
    '1 arrow out/30d.arrow',
  ]);
});

test('a name that does not say the format is not left alone with it', () => {
  const lines = (...args: Parameters<typeof outFiles>) => outFiles(...args).map(renderWritten);
  expect(lines(['30d'], [], '/a.csv', false)).toEqual(['Written: /a.csv']);
  expect(lines(['30d'], [], '/a.xlsx', false)).toEqual([
    'Written: /a.xlsx (in the format parquet, not as its name says)',
  ]);
  expect(lines(['30d'], ['json'], '/a.csv', false)).toEqual([
    'Written: /a.csv (in the format json, not as its name says)',
  ]);
  expect(lines(['30d'], ['csv'], '/a', false)).toEqual(['Written: /a (in the format csv)']);
});

test('a folder is one that is there, ends like one, or must hold several', () => {
  const there = mkdtempSync(path.join(os.tmpdir(), 'sluice-out-'));
  try {
    expect([there, 'x/', 'x.csv'].map((out) => isFolder(out, 1))).toEqual([true, true, false]);
    expect(isFolder('x', 2)).toBe(true);
  } finally {
    rmSync(there, { recursive: true });
  }
});

test('formats come in a list, repeated, or both', () => {
  expect(parseFormats('csv,json', parseFormats('parquet', []))).toEqual(['parquet', 'csv', 'json']);
  expect(() => parseFormats('csv,xls', [])).toThrow(/xls/);
});
