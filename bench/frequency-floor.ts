// What tag frequency is measured against: bare COPY of the same rows, and bare DuckDB on the same rows in sorted files.
import { availableParallelism } from 'node:os';
import { Writable } from 'node:stream';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../adapters/postgres/database.ts';
import type { ResolvedWindow } from '../pipelines/contracts/tag-frequency.ts';

/** Seconds that Postgres takes to COPY all events out, to nobody. */
export async function copyFloor(db: Database): Promise<number> {
  const begun = performance.now();
  await db.transaction((tx) =>
    tx.copyOut(
      `copy (select contact_id, tag, occurred_at, recorded_at from tag_events where kind = 'applied') to stdout (format csv)`,
      new Writable({ write: (_chunk, _encoding, done) => done() }),
    ),
  );
  return (performance.now() - begun) / 1000;
}

/** As pipelines/frequency writes: the floor is not held up by a dearer compression. */
const WRITTEN = 'format parquet, compression zstd, compression_level 1, dictionary_size_limit 1000';

/** Two ways to ask bare DuckDB, to be taken as often as what is measured against them, in turns. Both give seconds. */
export interface CountFloor {
  /** Each window by itself. */
  eachWindow(): Promise<number>;
  /** All windows in one pass. */
  onePass(): Promise<number>;
  /** Result rows of all windows together, after `eachWindow`. */
  rows(): Promise<number>;
  close(): void;
}

/** Writes the events of the lake into one sorted file for each core, in `folder`, and opens a DuckDB on them. */
export async function openCountFloor(
  lakeFiles: string,
  folder: string,
  windows: readonly ResolvedWindow[],
  memoryMiB: number,
): Promise<CountFloor> {
  const cores = availableParallelism();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(cores),
    memory_limit: `${memoryMiB}MiB`,
    preserve_insertion_order: 'false',
    temp_directory: path.join(folder, 'floor-tmp'),
  });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  for (let core = 0; core < cores; core += 1)
    await connection.run(
      `copy (select contact_id, tag, occurred_at from read_parquet('${lakeFiles}') where contact_id % ${cores} = ${core} order by contact_id)
       to '${folder}/sorted-${core}.parquet' (format parquet, compression zstd)`,
    );
  const source = `read_parquet('${folder}/sorted-*.parquet')`;
  return {
    eachWindow: () => timed(() => eachWindow(connection, source, folder, windows)),
    onePass: async () => {
      const seconds = await timed(() => onePass(connection, source, folder, windows));
      // The memory is wanted by whoever comes next.
      await connection.run('drop table all_windows');
      return seconds;
    },
    rows: async () => {
      const counted = await connection.runAndReadAll(
        `select count(*)::integer from read_parquet('${folder}/floor-window-*.parquet')`,
      );
      return Number(counted.getRows()[0]![0]);
    },
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

const at = (ms: number) => `'${new Date(ms).toISOString()}'::timestamptz`;
const inside = ({ fromMs, toMs }: ResolvedWindow) => `occurred_at >= ${at(fromMs)} and occurred_at < ${at(toMs)}`;

async function eachWindow(
  connection: DuckDBConnection,
  source: string,
  folder: string,
  windows: readonly ResolvedWindow[],
): Promise<void> {
  for (const [index, window] of windows.entries())
    await connection.run(
      `copy (select contact_id, tag, count(*) as times, min(occurred_at) as first_at, max(occurred_at) as last_at
         from ${source} where ${inside(window)} group by contact_id, tag)
       to '${folder}/floor-window-${index}.parquet' (${WRITTEN})`,
    );
}

async function onePass(
  connection: DuckDBConnection,
  source: string,
  folder: string,
  windows: readonly ResolvedWindow[],
): Promise<void> {
  const counts = windows.map((window, n) => {
    const filter = `filter (where ${inside(window)})`;
    return `count(*) ${filter} as t${n}, min(occurred_at) ${filter} as f${n}, max(occurred_at) ${filter} as l${n}`;
  });
  const widest = `occurred_at >= ${at(Math.min(...windows.map(({ fromMs }) => fromMs)))}`;
  await connection.run(
    `create temp table all_windows as select contact_id, tag, ${counts.join(', ')} from ${source} where ${widest} group by contact_id, tag`,
  );
  for (const index of windows.keys())
    await connection.run(
      `copy (select contact_id, tag, t${index}, f${index}, l${index} from all_windows where t${index} > 0)
       to '${folder}/floor-pass-${index}.parquet' (${WRITTEN})`,
    );
}
