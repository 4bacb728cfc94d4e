// Turns a CSV file of ours into Parquet, by DuckDB, which streams: memory does not grow with the file.
import { DuckDBInstance } from '@duckdb/node-api';
import { fileColumn } from '../../contracts/file-columns.ts';
import { quoteLiteral } from '../../sql/named.ts';
import type { ColumnType } from '../../ports/columnar-file.ts';

const TYPES: Record<ColumnType, string> = {
  integer: 'INTEGER',
  long: 'BIGINT',
  text: 'VARCHAR',
  time: 'TIMESTAMPTZ',
  timeMicros: 'TIMESTAMPTZ',
};

/** Replaces `parquetPath`. The CSV has a header of exactly these columns; times are ISO text, of both kinds. */
export async function csvToParquet(
  csvPath: string,
  parquetPath: string,
  columns: readonly (readonly [string, ColumnType])[],
): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' });
  const connection = await instance.connect();
  try {
    const types = columns
      .map(([name, type]) => `${quoteLiteral(fileColumn(name))}: ${quoteLiteral(TYPES[type])}`)
      .join(', ');
    await connection.run(
      `copy (select * from read_csv(${quoteLiteral(csvPath)}, header = true, delim = ',', quote = '"', escape = '"',
         auto_detect = false, columns = {${types}})) to ${quoteLiteral(parquetPath)} (format parquet, compression zstd)`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
