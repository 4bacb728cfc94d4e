// The order in which the Temporal program is looked for, and what happens when it is nowhere. No network, no build.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureTemporal, type FindTemporalOptions } from '../../../server/embedded/temporal-binary.ts';
import { cachedTemporal, moveIntoCache } from '../../../server/embedded/temporal-cache.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-find-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const env = (): Record<string, string> => ({ PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') });
const onPath = (): string => join(folder, 'bin', 'temporal');

function program(path: string, server = '1.29.1'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "temporal version 0.0.0-DEV (Server ${server}, UI 2.42.1)"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Finds with fake ways to get a program; `used` tells which were tried. */
function find(ways: { download?: string | null; build?: string | null; cli?: string } = {}) {
  const used: string[] = [];
  const said: string[] = [];
  const way = (name: string, answer: string | null | undefined): NonNullable<FindTemporalOptions['ways']>['build'] => {
    return async ({ cached }) => {
      used.push(name);
      if (answer !== null) return answer ?? 'not in this test';
      const made = program(join(folder, `made-by-${name}`));
      moveIntoCache(made, cached);
      return null;
    };
  };
  const answer = ensureTemporal({
    config: { temporalCliPath: ways.cli ?? '', temporalDownloadTimeoutMs: 1_000, goInstallTimeoutMs: 1_000 },
    env: env(),
    say: (text) => void said.push(text),
    ways: { download: way('download', ways.download), build: way('build', ways.build) },
  });
  return { answer, used, said };
}

test('the named program comes first, then PATH, then the cache', async () => {
  const cli = program(join(folder, 'named', 'temporal'));
  program(onPath());
  program(cachedTemporal(env()));
  expect(await find({ cli }).answer).toMatchObject({ path: cli, source: 'TEMPORAL_CLI_PATH', server: '1.29.1' });
  expect(await find().answer).toMatchObject({ path: onPath(), source: 'PATH' });
  rmSync(onPath());
  expect(await find().answer).toMatchObject({ path: cachedTemporal(env()), source: 'cache' });
});

test('a named program that does not work is refused, even with another on PATH', async () => {
  program(onPath());
  const cli = join(folder, 'absent');
  await expect(find({ cli }).answer).rejects.toMatchObject({ code: 'temporal_cli_path_invalid' });
});

test('a program on PATH that is too old, or something else by that name, is passed over', async () => {
  program(cachedTemporal(env()));
  program(onPath(), '1.28.9');
  expect(await find().answer).toMatchObject({ source: 'cache' });
  writeFileSync(onPath(), '#!/bin/sh\necho hello\n');
  expect(await find().answer).toMatchObject({ source: 'cache' });
  program(onPath(), '2.0.0');
  expect(await find().answer).toMatchObject({ source: 'PATH', server: '2.0.0' });
});

test('download is tried before build, and what they make is found in the cache next time', async () => {
  const first = find({ download: 'no network', build: null });
  expect(await first.answer).toMatchObject({ path: cachedTemporal(env()), source: 'build' });
  expect(first.used).toEqual(['download', 'build']);
  const second = find({ download: null });
  expect(await second.answer).toMatchObject({ source: 'cache' });
  expect(second.used).toEqual([]);
});

test('when nothing works the error names every way that was tried, and the lock is free again', async () => {
  program(onPath(), '1.2.3');
  const { answer } = find({ download: 'no network', build: 'Go is not installed' });
  await expect(answer).rejects.toMatchObject({ code: 'temporal_binary_missing' });
  const text = await answer.catch((error: Error) => error.message);
  for (const part of [
    'TEMPORAL_CLI_PATH',
    onPath(),
    '1.2.3',
    cachedTemporal(env()),
    'no network',
    'Go is not installed',
  ]) {
    expect(text).toContain(part);
  }
  expect(existsSync(`${cachedTemporal(env())}.lock`)).toBe(false);
});

test('of two that need it at once, one gets it and the other waits, says so and takes it', async () => {
  const first = find({ download: null });
  const second = find({ download: null });
  const answers = await Promise.all([first.answer, second.answer]);
  expect(answers.map(({ source }) => source).sort()).toEqual(['cache', 'download']);
  expect([...first.used, ...second.used]).toEqual(['download']);
  expect([...first.said, ...second.said].join()).toContain(`Process ${process.pid}`);
});

test('a relative XDG_CACHE_HOME is ignored, as the XDG rules say', () => {
  expect(cachedTemporal({ HOME: '/home/a', XDG_CACHE_HOME: 'cache' })).toMatch(
    /^\/home\/a\/\.cache\/sluice\/temporal\/v/,
  );
});
