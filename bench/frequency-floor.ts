// What tag frequency is measured against: bare COPY of the same rows, and bare DuckDB on the same rows in sorted files.
import { availableParallelism } from 'node:os';
import { Writable } from 'node:stream';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../ports/database.ts';
import type { ResolvedWindow } from '../contracts/tag-frequency.ts';
import { countSql } from '../pipelines/frequency/frequency-sql.ts';
import { secondsOf } from './timing.ts';

/** Seconds that Postgres takes to COPY all events out, to nobody. */
export async function copyFloor(db: Database): Promise<number> {
  return secondsOf(() =>
    db.transaction((tx) =>
      tx.copyOut(
        `copy (select contact_id, tag, occurred_at, recorded_at from tag_events where kind = 'applied') to stdout (format csv)`,
        new Writable({ write: (_chunk, _encoding, done) => done() }),
      ),
    ),
  );
}

/** As pipelines/frequency writes, in parentheses: the floor is not held up by a dearer compression. */
const WRITTEN = countSql.write_window.slice(countSql.write_window.lastIndexOf('('));

/** Two ways to ask bare DuckDB, to be taken as often as what is measured against them, in turns. Both give seconds. */
export interface CountFloor {
  /** Each window by itself. */
  eachWindow(): Promise<number>;
  /** All windows in one pass. */
  onePass(): Promise<number>;
  /** Result rows of all windows together, after `eachWindow`. */
  rows(): Promise<number>;
}

/** Writes the events of the lake, tags as text, into one sorted file for each core, in `folder`, and hands a DuckDB on them to `work`. */
export async function withCountFloor(
  lakeFolder: string,
  folder: string,
  windows: readonly ResolvedWindow[],
  memoryMiB: number,
  work: (floor: CountFloor) => Promise<void>,
): Promise<void> {
  const cores = availableParallelism();
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(cores),
    memory_limit: `${memoryMiB}MiB`,
    preserve_insertion_order: 'false',
    temp_directory: path.join(folder, 'floor-tmp'),
  });
  const connection = await instance.connect();
  try {
    await connection.run("set TimeZone = 'UTC'");
    for (let core = 0; core < cores; core += 1)
      await connection.run(
        `copy (select contact_id, tag, occurred_at
           from read_parquet('${lakeFolder}/events/*.parquet') join read_parquet('${lakeFolder}/tags/*.parquet') using (tag_number)
           where contact_id % ${cores} = ${core} order by contact_id)
         to '${folder}/sorted-${core}.parquet' (format parquet, compression zstd)`,
      );
    await work(floorOn(connection, folder, windows));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function floorOn(connection: DuckDBConnection, folder: string, windows: readonly ResolvedWindow[]): CountFloor {
  const source = `read_parquet('${folder}/sorted-*.parquet')`;
  return {
    eachWindow: () => secondsOf(() => eachWindow(connection, source, folder, windows)),
    onePass: async () => {
      const seconds = await secondsOf(() => onePass(connection, source, folder, windows));
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
  };
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
       to '${folder}/floor-window-${index}.parquet' ${WRITTEN}`,
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
       to '${folder}/floor-pass-${index}.parquet' ${WRITTEN}`,
    );
}
