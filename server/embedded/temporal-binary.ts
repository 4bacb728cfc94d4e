// Finds the Temporal program: named, on PATH, cached, else downloaded or built. Says what takes long; starts no server.
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Config } from '../config-schema.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { waitForPidLock } from './pid-lock.ts';
import { TEMPORAL_CLI_VERSION, cachedTemporal, checkTemporal } from './temporal-cache.ts';
import { buildTemporal, downloadTemporal, type FetchAnswer, type FetchOptions } from './temporal-fetch.ts';

export interface TemporalBinary {
  path: string;
  source: 'TEMPORAL_CLI_PATH' | 'PATH' | 'cache' | 'download' | 'build';
  /** Version of the server inside, such as 1.29.1. */
  server: string;
}

export type TemporalSettings = Pick<Config, 'temporalCliPath' | 'temporalDownloadTimeoutMs' | 'goInstallTimeoutMs'>;

export interface FindTemporalOptions {
  config: TemporalSettings;
  env: Record<string, string | undefined>;
  say: (text: string) => void;
  signal?: AbortSignal | undefined;
  /** The ways to get a program that is nowhere; replaced in tests. */
  ways?: { download: Fetch; build: Fetch };
}
type Fetch = (options: FetchOptions) => Promise<FetchAnswer>;

/**
 * The program that is there already, or null with what was looked at. Fetches nothing.
 * Throws PipelineError `temporal_cli_path_invalid`: a program that was named is used or refused, never passed over.
 */
export async function locateTemporal(
  options: Pick<FindTemporalOptions, 'config' | 'env' | 'signal'>,
): Promise<{ found: TemporalBinary | null; looked: string[] }> {
  const { config, env, signal } = options;
  const looked: string[] = [];
  const named = config.temporalCliPath;
  if (named !== '') {
    const check = await checkTemporal(named, signal);
    if (check.ok) return { found: { path: named, source: 'TEMPORAL_CLI_PATH', server: check.server }, looked };
    throw new PipelineError('temporal_cli_path_invalid', `TEMPORAL_CLI_PATH is ${named}: ${check.reason}.`, {
      hint: 'Set it to a working Temporal program, or unset it so that Sluice finds one.',
    });
  }
  looked.push('TEMPORAL_CLI_PATH: not set');
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  for (const path of onPath.map((folder) => join(folder, 'temporal'))) {
    const check = await checkTemporal(path, signal);
    if (check.ok) return { found: { path, source: 'PATH', server: check.server }, looked };
    if (check.reason !== 'no executable file there') looked.push(`${path}: ${check.reason}`);
  }
  if (looked.length === 1) looked.push('PATH: no `temporal`');
  const cached = cachedTemporal(env);
  const check = await checkTemporal(cached, signal);
  if (check.ok) return { found: { path: cached, source: 'cache', server: check.server }, looked };
  looked.push(`${cached}: ${check.reason}`);
  return { found: null, looked };
}

/**
 * The program, fetched into the per-user cache when it is nowhere; then the next call finds it there at once.
 * Two processes never build at the same time: the second waits and takes what the first made.
 * Throws PipelineError `temporal_binary_missing` with every way tried, or `aborted`.
 */
export async function ensureTemporal(options: FindTemporalOptions): Promise<TemporalBinary> {
  const { config, env, say, signal } = options;
  const first = await locateTemporal(options);
  if (first.found) return first.found;
  const cached = cachedTemporal(env);
  mkdirSync(dirname(cached), { recursive: true });
  const lock = await waitForPidLock(`${cached}.lock`, {
    timeoutMs: config.goInstallTimeoutMs + config.temporalDownloadTimeoutMs,
    signal,
    onWait: (pid) => say(`Process ${pid} is getting the Temporal program already: waiting for it.`),
  });
  try {
    const { found, looked } = await locateTemporal(options);
    if (found) return found;
    const ways = options.ways ?? { download: downloadTemporal, build: buildTemporal };
    const plan = [
      ['download', ways.download, config.temporalDownloadTimeoutMs],
      ['build', ways.build, config.goInstallTimeoutMs],
    ] as const;
    for (const [source, fetch, timeoutMs] of plan) {
      const reason = await fetch({ cached, timeoutMs, say, signal });
      if (signal?.aborted) throw new PipelineError('aborted', 'Stopped while getting the Temporal program.');
      const check = reason === null ? await checkTemporal(cached, signal) : null;
      if (check?.ok) return { path: cached, source, server: check.server };
      looked.push(`${source}: ${reason ?? (check && !check.ok ? check.reason : 'nothing')}`);
    }
    throw missing(looked);
  } finally {
    lock.release();
  }
}

function missing(tried: string[]): PipelineError {
  return new PipelineError(
    'temporal_binary_missing',
    `There is no Temporal program. Tried:\n- ${tried.join('\n- ')}\n`,
    {
      retry: 'later',
      hint:
        `Install one of these, then start again: the Temporal CLI (${TEMPORAL_CLI_VERSION} or newer) on PATH, or its path in ` +
        'TEMPORAL_CLI_PATH, or Go so that Sluice can build it. Or set TEMPORAL_ADDRESS to a Temporal server that runs.',
    },
  );
}
