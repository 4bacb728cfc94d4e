// One DuckDB for one piece of work: limits from the settings, spilling to a folder of its own, errors by what can be done about them.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { Duck, WithDuck } from '../../ports/duck.ts';
import { memoryBytes } from './memory-limit.ts';

export interface DuckSettings {
  /** MiB before DuckDB writes to the temporary folder; 0: a quarter of the machine's memory, or of the container's. */
  memoryMiB: number;
  /** 0: one for each core. */
  threads: number;
  /** Where it spills; made when missing. */
  tempFolder: string;
}

/** A quarter leaves room for Postgres, Temporal and the worker itself on one machine, or in one container. */
const SHARE_OF_MEMORY = 4;
/** What a killed process left in the temporary folder goes after this long: no piece of work takes a day. */
const LEFT_BEHIND_MS = 24 * 60 * 60 * 1000;

/** Opens DuckDBs one after the other, however many ask: each has all the memory and threads that are set. */
export function duckSessions(settings: DuckSettings): WithDuck {
  let last: Promise<unknown> = Promise.resolve();
  return (signal, work) => {
    const mine = last.then(() => inSession(settings, signal, work));
    last = mine.catch(() => undefined);
    return mine;
  };
}

async function inSession<T>(settings: DuckSettings, signal: AbortSignal, work: (duck: Duck) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  await removeLeftBehind(settings.tempFolder);
  const folder = path.join(settings.tempFolder, randomUUID());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(settings.threads || availableParallelism()),
    memory_limit: `${settings.memoryMiB || Math.floor(memoryBytes() / 2 ** 20 / SHARE_OF_MEMORY)}MiB`,
    temp_directory: folder,
    // Sorted where order matters; without it every COPY would hold its rows back.
    preserve_insertion_order: 'false',
    // Nothing is fetched from anywhere: what is needed is built in.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const stop = () => connection.interrupt();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await connection.run("set TimeZone = 'UTC'");
    return await work(duckOn(connection));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

function duckOn(connection: DuckDBConnection): Duck {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw explained(error);
    }
  };
  return {
    run: (sql) => guarded(async () => void (await connection.run(sql))),
    rows: <Row>(sql: string) => guarded(async () => (await connection.runAndReadAll(sql)).getRowObjectsJson() as Row[]),
    pages: async function* <Row>(sql: string) {
      const result = await guarded(() => connection.stream(sql));
      const pages = result.yieldRowObjectJson();
      for (;;) {
        const next = await guarded(() => pages.next());
        if (next.done) return;
        yield next.value as Row[];
      }
    },
  };
}

/** What DuckDB threw, as what can be done about it. Its messages quote statements and paths, never rows. */
function explained(error: unknown): unknown {
  const text = error instanceof Error ? error.message : String(error);
  if (/^Out of Memory Error: failed to offload|max_temp_directory_size|No space left on device/i.test(text))
    return new PipelineError('disk_full', 'There is no space left for DuckDB to write to.', {
      retry: { afterMs: 30_000 },
      hint: 'Make room in the data folder: the step is tried again from where it was.',
      cause: error,
    });
  if (/^Out of Memory Error/.test(text))
    return new PipelineError('duckdb_memory', 'The memory that DuckDB may use is too small for this log.', {
      hint: 'Raise SLUICE_DUCKDB_MEMORY_MIB, lower SLUICE_DUCKDB_THREADS, or ask for more parts (fanOut).',
      cause: error,
    });
  if (/No files found that match the pattern|Cannot open file .*No such file/.test(text))
    return new PipelineError('lake_file_missing', 'A file of the lake is not there.', {
      hint: 'Every worker must see the same data folder; `sluice lake verify` names what is missing.',
      cause: error,
    });
  return error;
}

async function removeLeftBehind(tempFolder: string): Promise<void> {
  const names = await readdir(tempFolder).catch(() => []);
  for (const name of names) {
    const entry = path.join(tempFolder, name);
    const age = await stat(entry).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > LEFT_BEHIND_MS) await rm(entry, { recursive: true, force: true });
  }
}
