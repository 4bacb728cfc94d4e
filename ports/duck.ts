// DuckDB as pipelines see it: a port, opened by adapters/duckdb.

/** One DuckDB, in memory, that reads and writes files. Its temporary tables end with it. */
export interface Duck {
  /** @throws PipelineError `duckdb_memory`, `disk_full`, `lake_file_missing` */
  run(sql: string): Promise<void>;
  /** Rows as DuckDB's JSON: whole numbers of 64 bits and more as text. */
  rows<Row>(sql: string): Promise<Row[]>;
  /** The same, a few thousand rows at a time: memory does not grow with the result. */
  pages<Row>(sql: string): AsyncIterable<Row[]>;
}

/**
 * Opens a DuckDB for `work` and closes it. One at a time in a process, with all its threads and memory: others wait.
 * When the signal aborts, the statement then running is interrupted and the signal's reason is thrown.
 */
export type WithDuck = <T>(signal: AbortSignal, work: (duck: Duck) => Promise<T>) => Promise<T>;
