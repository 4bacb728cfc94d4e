// `sluice inspect` of several files: each has its own answer, and no file of the person's is ever written over.
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { buildProgram } from '../../../cli/program.ts';
import { PipelineError } from '../../../contracts/pipeline-error.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-inspect-test-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  error?: string;
}

/** The command in this process; names of files stand for those in the folder. */
async function inspect(...args: string[]): Promise<Ran> {
  const ran: Ran = { code: 0, stdout: '', stderr: '' };
  const line = (to: 'stdout' | 'stderr') => (text: unknown) => void (ran[to] += `${String(text)}\n`);
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(line('stdout')),
    vi.spyOn(console, 'error').mockImplementation(line('stderr')),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      ran.stdout += String(text);
      return true;
    }),
  ];
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    const inside = (arg: string) => (/^-|=/.test(arg) ? arg : path.join(folder, arg));
    await (await buildProgram('inspect')).parseAsync(['inspect', ...args.map(inside)], { from: 'user' });
    ran.code = Number(process.exitCode ?? 0);
  } catch (error) {
    ran.code = 1;
    ran.stderr += String(error);
    if (error instanceof PipelineError) ran.error = error.code;
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
  return ran;
}

const SOURCE = 'LINE UID;姓名\r\nU1;王\r\n\r\n';
const file = (name: string, text = SOURCE): string => {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
  return name;
};
const text = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

test('--rows never writes over a source, by whatever name it is reached', async () => {
  file('a.csv');
  mkdirSync(path.join(folder, 'out'));
  linkSync(path.join(folder, 'a.csv'), path.join(folder, 'out', 'a.csv'));
  symlinkSync(folder, path.join(folder, 'here'));
  for (const out of ['.', './', 'here', 'out']) {
    const ran = await inspect('a.csv', '--rows', '--out', out);
    expect([out, ran.code, text('a.csv')]).toEqual([out, 1, SOURCE]);
    expect(ran.stderr).toContain('a.csv');
  }
});

test('two files of one name are refused before anything is written', async () => {
  const ran = await inspect(file('x/a.csv'), file('y/a.csv', 'b\n1\n'), '--rows', '--out', 'out');
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('y/a.csv');
  expect(readdirSync(folder)).not.toContain('out');
});

test('a bad file does not keep the others from their answer; the code is 1', async () => {
  file('bad.csv', '\u0000\u0001\u0002\u0000binary');
  file('good.csv');
  const json = await inspect('none.csv', 'good.csv', 'bad.csv', '--json');
  expect(json.code).toBe(1);
  const answers = JSON.parse(json.stdout) as { file: string; error?: { code: string }; records?: number }[];
  expect(answers.map((one) => [path.basename(one.file), one.error?.code ?? null, one.records ?? null])).toEqual([
    ['none.csv', expect.any(String), null],
    ['good.csv', null, 1],
    ['bad.csv', 'file_binary', null],
  ]);
  const shown = await inspect('bad.csv', 'good.csv');
  expect([shown.code, shown.stdout.includes('good.csv: utf-8'), shown.stderr.includes('bad.csv')]).toEqual([
    1,
    true,
    true,
  ]);
  const rows = await inspect('bad.csv', 'good.csv', '--rows', '--out', 'out');
  expect([rows.code, text('out/good.csv')]).toEqual([1, 'LINE UID,姓名\nU1,王\n']);
  expect((await inspect('bad.csv', '--json')).error).toBe('file_binary');
});

test('--bom puts the mark that a spreadsheet wants before the rows', async () => {
  file('good.csv');
  expect((await inspect('good.csv', '--rows', '--bom')).stdout).toBe('\uFEFFLINE UID,姓名\nU1,王\n');
  expect((await inspect('good.csv', '--rows')).stdout).toBe('LINE UID,姓名\nU1,王\n');
});

test('what each column becomes and why, and what was guessed; columns that clash leave the others alone', async () => {
  file('clash.csv', 'LINE UID,姓名,手機,手機,城市\nU1,王,1,2,x\n');
  const { stdout } = await inspect('clash.csv', '--map', 'tag:VIP=城市', '--json');
  const report = JSON.parse(stdout) as { problem: string; columns: { field: string | null; why: string }[] };
  expect(report.columns.map(({ field, why }) => `${field} ${why}`)).toEqual([
    'social_id word',
    'display_name word',
    'null clash',
    'null clash',
    'tag:VIP map',
  ]);
  expect(report.problem).toMatch(/“#3”, “#4” both mean phone/);
  file('guess.csv', '甲,顧客\nx,y\n');
  const guessed = await inspect('guess.csv');
  expect(guessed.stdout).toMatch(/header in line 1 \(a guess\)/);
  expect(guessed.stdout).toMatch(/likely word \(a guess\)/);
});

test('a quote that swallows lines, or is never closed, is seen', async () => {
  file('swallow.csv', 'member_id,name,x\nM1,"a,1\nM2,b,2\nM3,c",3\nM4,"d,4\n');
  const report = JSON.parse((await inspect('swallow.csv', '--json')).stdout) as Record<string, unknown>;
  expect(report).toMatchObject({ swallowed: [{ line: 2, until: 4 }], oddQuotes: { count: 1, firstLine: 5 } });
  const { stdout } = await inspect('swallow.csv');
  expect(stdout).toMatch(/lines 2 to 4/);
  expect(stdout).toMatch(/the first in line 5/);
});

test('a carriage return that swallows a line is seen', async () => {
  file('returns.csv', 'member_id,name,x\nM1,a,1\nM2,a\rM3,b\nM4,"c\rd",2\n');
  const report = JSON.parse((await inspect('returns.csv', '--json')).stdout) as Record<string, unknown>;
  expect(report).toMatchObject({ records: 3, bareReturns: { count: 1, firstLine: 3 } });
  expect((await inspect('returns.csv')).stdout).toMatch(/carriage return.*the first in line 3/);
});

test('an empty file is an empty table, and said to be empty', async () => {
  for (const [name, content, blank] of [
    ['none.csv', '', 0],
    ['mark.csv', '\uFEFF', 0],
    ['blank.csv', '\uFEFF \r\n\n,,\n', 3],
    ['returns.csv', '\r\r', 2],
  ] as const) {
    file(name, content);
    const json = await inspect(name, '--json', '--map', 'phone=x');
    expect([name, json.code, json.stderr]).toEqual([name, 0, '']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      encoding: 'utf-8',
      empty: true,
      headerRow: null,
      records: 0,
      columns: [],
      sample: [],
      skipped: { blank, preamble: 0, header: 0, footer: 0 },
      problem: expect.stringMatching(/empty|only blank lines/) as string,
    });
    expect((await inspect(name)).stdout).toMatch(/The file is empty/);
    expect(await inspect(name, '--rows')).toMatchObject({ code: 0, stdout: '' });
    expect((await inspect(name, '--rows', '--bom')).stdout).toBe('\uFEFF');
    expect((await inspect(name, '--rows', '--out', 'out')).code).toBe(0);
    expect(text(`out/${name}`)).toBe('');
  }
  // One that is there in part only is not called empty.
  file('late.csv', `${'\n'.repeat(300_000)}member_id\nM1\n`);
  expect((await inspect('late.csv', '--json')).error).toBe('file_blank');
  expect((await inspect('missing.csv', '--json')).error).toBe('file_missing');
});

test('a header alone is a table without records', async () => {
  file('header.csv', 'member_id,name\n');
  const report = JSON.parse((await inspect('header.csv', '--json')).stdout) as Record<string, unknown>;
  expect(report).toMatchObject({ empty: false, headerRow: 1, records: 0, problem: null });
  expect((await inspect('header.csv')).stdout).toMatch(/a header and no records/);
  expect((await inspect('header.csv', '--rows')).stdout).toBe('member_id,name\n');
});

test('a header in several rows is joined, and said to be a guess', async () => {
  file('groups.csv', '會員名單,,\n聯絡資料,,會員\n姓名,電話,會員編號\n王,0912345678,M1\n李,0922333444,M2\n');
  const report = JSON.parse((await inspect('groups.csv', '--json', '--map', 'tag:甲=姓名')).stdout) as {
    columns: { header: string; field: string | null }[];
  };
  expect(report).toMatchObject({
    headerRow: 3,
    headerRows: [2, 3],
    headerGuessed: true,
    skipped: { preamble: 1, header: 2 },
    problem: null,
  });
  expect(report.columns.map(({ header, field }) => [header, field])).toEqual([
    ['聯絡資料 姓名', 'tag:甲'],
    ['聯絡資料 電話', 'phone'],
    ['會員 會員編號', 'member_id'],
  ]);
  expect((await inspect('groups.csv')).stdout).toMatch(/header in lines 2 to 3, joined \(a guess\)/);
  expect((await inspect('groups.csv', '--rows')).stdout).toBe(
    '聯絡資料 姓名,聯絡資料 電話,會員 會員編號\n王,0912345678,M1\n李,0922333444,M2\n',
  );
});

test('one record is one, and "about" stands only before an estimate', async () => {
  const one = await inspect(file('one.csv'));
  expect(one.stdout).toContain('\n1 record; skipped so far');
  const many = 'LINE UID;姓名\r\n' + `U${'0'.repeat(32)};${'王'.repeat(50)}\r\n`.repeat(3000);
  expect((await inspect(file('many.csv', many))).stdout).toMatch(/\nabout \d+ records; skipped so far/);
});
