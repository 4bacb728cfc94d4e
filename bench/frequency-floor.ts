// What tag frequency is measured against: bare COPY of the same rows, and bare DuckDB on the same rows in sorted files.
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Writable } from 'node:stream';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
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

/** The faster of two ways to ask bare DuckDB: each window by itself, and all in one pass; each twice. */
export async function countFloor(
  lakeFiles: string,
  folder: string,
  windows: readonly ResolvedWindow[],
  memoryMiB: number,
): Promise<{ seconds: number; each: number; onePass: number; rows: number; key: string }> {
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
        `copy (select contact_id, tag, occurred_at from read_parquet('${lakeFiles}') where contact_id % ${cores} = ${core} order by contact_id)
         to '${folder}/sorted-${core}.parquet' (format parquet, compression zstd)`,
      );
    const source = `read_parquet('${folder}/sorted-*.parquet')`;
    const at = (ms: number) => `'${new Date(ms).toISOString()}'::timestamptz`;
    const inside = ({ fromMs, toMs }: ResolvedWindow) => `occurred_at >= ${at(fromMs)} and occurred_at < ${at(toMs)}`;
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const begun = performance.now();
      await work();
      return (performance.now() - begun) / 1000;
    };
    const eachWindow = async () => {
      for (const [index, window] of windows.entries())
        await connection.run(
          `copy (select contact_id, tag, count(*) as times, min(occurred_at) as first_at, max(occurred_at) as last_at
             from ${source} where ${inside(window)} group by contact_id, tag)
           to '${folder}/floor-window-${index}.parquet' (format parquet, compression zstd)`,
        );
    };
    const onePassOver = async () => {
      const counts = windows.map((window, n) => {
        const filter = `filter (where ${inside(window)})`;
        return `count(*) ${filter} as t${n}, min(occurred_at) ${filter} as f${n}, max(occurred_at) ${filter} as l${n}`;
      });
      const widest = `occurred_at >= ${at(Math.min(...windows.map(({ fromMs }) => fromMs)))}`;
      await connection.run(
        `create or replace temp table all_windows as select contact_id, tag, ${counts.join(', ')} from ${source} where ${widest} group by contact_id, tag`,
      );
      for (const index of windows.keys())
        await connection.run(
          `copy (select contact_id, tag, t${index}, f${index}, l${index} from all_windows where t${index} > 0)
           to '${folder}/floor-pass-${index}.parquet' (format parquet, compression zstd)`,
        );
    };
    const each = Math.min(await timed(eachWindow), await timed(eachWindow));
    const onePass = Math.min(await timed(onePassOver), await timed(onePassOver));
    const counted = await connection.runAndReadAll(
      `select count(*)::integer, coalesce(sum(times), 0)::varchar from read_parquet('${folder}/floor-window-*.parquet')`,
    );
    const [rows, times] = counted.getRows()[0]!;
    const key = createHash('sha256')
      .update(`${String(rows)} ${String(times)}`)
      .digest('hex')
      .slice(0, 12);
    return { seconds: Math.min(each, onePass), each, onePass, rows: Number(rows), key };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
