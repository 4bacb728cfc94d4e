// What the simulated providers saw arrive, judged by SQL over their raw log. Shares no code with the limiter or the simulator.
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

export interface ArrivalLog {
  /** Rows of a query over the table `arrivals`; numbers come as numbers. */
  query<Row>(sql: string): Promise<Row[]>;
  close(): void;
}

/** Of one sender's requests to one endpoint. */
export interface Busiest {
  requests: number;
  refused: number;
  /** Requests in the fullest second there is, wherever it begins. */
  inOneSecond: number;
}

/** Reads the log as it is now; `extra` are further CSV files, each a table of its name. */
export async function openArrivalLog(csv: string, extra: Record<string, string> = {}): Promise<ArrivalLog> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await load(connection, 'arrivals', csv);
  for (const [name, file] of Object.entries(extra)) await load(connection, name, file);
  return {
    query: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson() as never,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function load(connection: DuckDBConnection, name: string, csv: string): Promise<void> {
  await connection.run(
    `create table ${name} as select * from read_csv('${csv.replaceAll("'", "''")}', header = true, all_varchar = true)`,
  );
}

/** One sender and endpoint from a moment on: how many, how many refused for being too fast, and the fullest second. */
export async function busiest(log: ArrivalLog, sender: string, endpoint: string, fromUs: number): Promise<Busiest> {
  const [row] = await log.query<Busiest>(`
    with seconds as (
      select at_us::bigint as at_us, status, code,
        count(*) over (order by at_us::bigint range between 999999 preceding and current row) as held
      from arrivals where sender = '${sender}' and endpoint = '${endpoint}'
    )
    select count(*)::integer as requests, max(held)::integer as "inOneSecond",
      count(*) filter (where status = '429' or code in ('rate_limit', '130429'))::integer as refused
    from seconds where at_us >= ${fromUs}`);
  return row!;
}
