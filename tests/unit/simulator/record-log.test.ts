// Lines outlive the process, a torn last one does not, and any text comes back as it was.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryRecords, openRecordFile, type RecordLog } from '../../../simulator/record-log.ts';
import { field, plain } from '../../../simulator/record-lines.ts';
import { temporaryFolder } from './running-simulator.ts';

async function linesOf(log: RecordLog): Promise<string[]> {
  const all: string[] = [];
  for await (const lines of log.blocks()) all.push(...lines);
  return all;
}

test('what was flushed is read back by the next process, in order, without the header', async () => {
  const path = join(temporaryFolder(), 'x.csv');
  const first = openRecordFile(path, 'a,b');
  first.append('1,2\n');
  first.append('3,4\n');
  first.flush();
  first.append('lost,not flushed\n');
  // No close: a killed process closes nothing.
  const second = openRecordFile(path, 'a,b');
  second.append('5,6\n');
  second.flush();
  expect(await linesOf(second)).toEqual(['1,2', '3,4', '5,6']);
  expect(readFileSync(path, 'latin1')).toBe('a,b\n1,2\n3,4\n5,6\n');
  second.close();
  first.close();
});

test('a torn last line is cut off, also one longer than a block, also a torn header', async () => {
  const folder = temporaryFolder();
  for (const torn of ['9', '9,'.repeat(300_000)]) {
    const path = join(folder, `${torn.length}.csv`);
    writeFileSync(path, 'a,b\n1,2\n');
    appendFileSync(path, torn);
    const log = openRecordFile(path, 'a,b');
    log.append('3,4\n');
    log.flush();
    expect(await linesOf(log)).toEqual(['1,2', '3,4']);
    log.close();
  }
  const headless = join(folder, 'header.csv');
  writeFileSync(headless, 'a,');
  const log = openRecordFile(headless, 'a,b');
  expect(await linesOf(log)).toEqual([]);
  expect(readFileSync(headless, 'latin1')).toBe('a,b\n');
  log.close();
});

test('a file of another kind is refused, not overwritten', () => {
  const path = join(temporaryFolder(), 'x.csv');
  writeFileSync(path, 'something else\n');
  expect(() => openRecordFile(path, 'a,b')).toThrow(expect.objectContaining({ code: 'simulator_data_unusable' }));
  expect(readFileSync(path, 'latin1')).toBe('something else\n');
});

test('blocks end at any byte, lines do not', async () => {
  const log = openRecordFile(join(temporaryFolder(), 'x.csv'), 'h');
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i},${'x'.repeat(i % 41)}`);
  for (const line of lines) log.append(`${line}\n`);
  log.flush();
  expect(await linesOf(log)).toEqual(lines);
  log.close();
});

test('without a folder the same is kept in memory', async () => {
  const log = memoryRecords();
  log.append('1\n2\n');
  expect(await linesOf(log)).toEqual([]);
  log.flush();
  log.append('3\n');
  log.flush();
  expect(await linesOf(log)).toEqual(['1', '2', '3']);
});

test('a field is plain ASCII without the signs of the format, and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = field(text);
      expect(written).toMatch(/^[\x20-\x7e]*$/);
      expect(written).not.toMatch(/[,";\n\r]/);
      expect(plain(written)).toBe(text);
    }),
  );
  expect(field('attempt-1:a/b=c')).toBe('attempt-1:a/b=c');
  expect(plain(field('\ud800'))).toBe('\ufffd');
});
