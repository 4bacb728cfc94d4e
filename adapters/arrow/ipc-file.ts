// Writes rows as an Arrow IPC file, batch by batch, in constant memory. Knows nothing of what the columns mean.
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import {
  Field,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow';

export type ColumnType = 'integer' | 'text' | 'time';

export interface ColumnarFile<Row> {
  path: string;
  columns: readonly (readonly [keyof Row & string, ColumnType])[];
  pages: AsyncIterable<Row[]>;
}

const TYPES: Record<ColumnType, () => DataType> = {
  integer: () => new Int32(),
  text: () => new Utf8(),
  time: () => new TimestampMillisecond('UTC'),
};

/** Replaces the file. Integers are 32 bit, times UTC milliseconds; every column may be null. */
export async function writeArrowFile<Row>({ path, columns, pages }: ColumnarFile<Row>): Promise<void> {
  const schema = new Schema(columns.map(([name, type]) => new Field(name, TYPES[type](), true)));
  const writer = new RecordBatchFileWriter();
  const written = pipeline(writer.toNodeStream(), createWriteStream(path));
  // A failure of the stream shows below; it must not count as unhandled while pages are read.
  written.catch(() => undefined);
  writer.write(batchOf(schema, columns, []));
  for await (const page of pages) writer.write(batchOf(schema, columns, page));
  writer.close();
  await written;
}

function batchOf<Row>(schema: Schema, columns: ColumnarFile<Row>['columns'], rows: Row[]): RecordBatch {
  const children = columns.map(([name], index): Data => {
    const field = schema.fields[index] as Field;
    const values = rows.map((row) => row[name] as unknown);
    return vectorFromArray(values, field.type as DataType).data[0] ?? makeData({ type: field.type as DataType });
  });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, children }));
}
