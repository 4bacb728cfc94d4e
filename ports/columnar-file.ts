// A file of columns as whoever writes rows sees it: a port, written by adapters/arrow.

/**
 * `integer`: 32 bit; `long`: 64 bit, of bigint, number or decimal text; `time`: UTC milliseconds; `timeMicros`: UTC
 * microseconds, of epoch microseconds as bigint.
 */
export type ColumnType = 'integer' | 'long' | 'text' | 'time' | 'timeMicros';

export interface ColumnarFile<Row> {
  path: string;
  columns: readonly (readonly [keyof Row & string, ColumnType])[];
  pages: AsyncIterable<Row[]>;
}
