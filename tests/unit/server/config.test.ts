// The one gate for settings: precedence, checks, all problems at once, and no secret in any text.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PipelineError } from '../../../contracts/pipeline-error.ts';
import { loadConfig, maskUrl, printConfig, type LoadConfigOptions } from '../../../server/config.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function problemsOf(options: LoadConfigOptions): string {
  try {
    loadConfig(options);
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'config_invalid') return error.message;
    throw error;
  }
  return '';
}

function fileWith(content: unknown, name = 'settings.json'): string {
  const file = join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

test('nothing configured gives the defaults, with an absolute data folder', () => {
  const config = loadConfig({ env: {}, cwd: folder });
  expect(config).toMatchObject({ databaseUrl: '', businessTimeZone: 'Asia/Taipei', importThreads: 2, postgresPort: 0 });
  expect(config.dataDir).toBe(join(folder, '.sluice'));
});

test('an option beats the environment, which beats the file, which beats the default', () => {
  const file = fileWith({ importThreads: 5, postgresPoolSize: 6, uiPort: 7 });
  const env = { SLUICE_IMPORT_THREADS: '8', SLUICE_POSTGRES_POOL_SIZE: '9' };
  const config = loadConfig({ env, file, overrides: { importThreads: 3 }, cwd: folder });
  expect([config.importThreads, config.postgresPoolSize, config.uiPort, config.temporalPort]).toEqual([3, 9, 7, 0]);
});

test('an empty variable counts as not set', () => {
  expect(loadConfig({ env: { SLUICE_IMPORT_THREADS: '', DATABASE_URL: '' }, cwd: folder }).importThreads).toBe(2);
});

test('sluice.json in the data folder is read, and SLUICE_CONFIG names another', () => {
  fileWith({ importThreads: 4 }, 'sluice.json');
  expect(loadConfig({ env: { SLUICE_DATA_DIR: folder } }).importThreads).toBe(4);
  const env = { SLUICE_DATA_DIR: folder, SLUICE_CONFIG: fileWith({ importThreads: 1 }) };
  expect(loadConfig({ env }).importThreads).toBe(1);
});

test('paths in the file start from its folder, others from the current one', () => {
  const file = fileWith({ dataDir: 'data' });
  expect(loadConfig({ env: {}, file }).dataDir).toBe(join(folder, 'data'));
  expect(loadConfig({ env: { SLUICE_DATA_DIR: 'data' } }).dataDir).toBe(resolve('data'));
});

test('every problem is told at once', () => {
  const file = fileWith({ nonsense: 1, importThreads: 1.5, logLevel: 'loud', businessTimeZone: 'Mars/Base' });
  const env = { SLUICE_DATADIR: 'x', SLUICE_UI_PORT: '70000', DATABASE_URL: 'mysql://u:hush@h/d' };
  const text = problemsOf({ env, file, cwd: folder });
  for (const part of [
    'nonsense',
    'importThreads',
    'logLevel',
    'Mars/Base',
    'SLUICE_DATADIR',
    'SLUICE_UI_PORT',
    'DATABASE_URL',
  ]) {
    expect(text).toContain(part);
  }
  expect(text.split('\n- ')).toHaveLength(8);
  expect(text).not.toContain('hush');
});

test.each(['', ' 1 2', '1e3', '0x10', 'two', '-1', '99999999999999999999'])('%j is no number of threads', (text) => {
  const text2 = problemsOf({ env: { SLUICE_IMPORT_THREADS: text }, cwd: folder });
  expect(text2 === '').toBe(text === '');
});

test('names with the secret prefix and foreign names are left alone', () => {
  expect(problemsOf({ env: { SLUICE_SECRET_LINE_TW: 'x', TEMPORAL_ADDRESS: 'y', PATH: 'z' }, cwd: folder })).toBe('');
});

test('a file that was named must exist and hold an object', () => {
  expect(problemsOf({ env: {}, file: join(folder, 'absent.json') })).toContain('absent.json');
  expect(problemsOf({ env: {}, file: fileWith('{"a": ') })).toContain('cannot be read as JSON');
  expect(problemsOf({ env: {}, file: fileWith('[1]') })).toContain('one JSON object');
  expect(problemsOf({ env: {}, file: fileWith('{"__proto__": 1, "constructor": 1}') })).toContain('constructor');
});

test('printed settings hold no secret, nor does the address of the database its password', () => {
  const env = { DATABASE_URL: 'postgres://shop:hush@db:5432/x?sslpassword=hush', SLUICE_SUPPRESSION_KEY: 'hush' };
  const text = printConfig(loadConfig({ env, cwd: folder }));
  expect(text).toContain('shop:***@db:5432');
  expect(text).toContain('suppressionKey = "***"');
  expect(text).not.toContain('hush');
});

test('an address that is no URL is masked whole', () => {
  expect(maskUrl('host=db password=hush')).toBe('***');
  expect(maskUrl('')).toBe('');
});
