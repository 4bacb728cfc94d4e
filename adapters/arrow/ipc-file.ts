// Writes rows as an Arrow IPC file, batch by batch, in constant memory. Knows nothing of what the columns mean.
import { open, type FileHandle } from 'node:fs/promises';
import {
  Field,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampMicrosecond,
  TimestampMillisecond,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
} from 'apache-arrow';
import { fileColumn } from '../../contracts/file-columns.ts';
import type { ColumnarFile, ColumnType } from '../../ports/columnar-file.ts';

const TYPES: Record<ColumnType, () => DataType> = {
  integer: () => new Int32(),
  long: () => new Int64(),
  text: () => new Utf8(),
  time: () => new TimestampMillisecond('UTC'),
  timeMicros: () => new TimestampMicrosecond('UTC'),
};

/** Replaces the file; columns get their {@link fileColumn} names. Every column may be null. What fails leaves a file that no reader takes for a whole one: it has no end. */
export async function writeArrowFile<Row>({ path, columns, pages }: ColumnarFile<Row>): Promise<void> {
  const schema = new Schema(columns.map(([name, type]) => new Field(fileColumn(name), TYPES[type](), true)));
  const file = await open(path, 'w');
  try {
    const writer = new DrainedWriter();
    const write = async (rows: Row[]): Promise<void> => {
      writer.write(batchOf(schema, columns, rows));
      await writer.drainInto(file);
    };
    // Of no rows: the schema stands in the file whether pages come or not.
    await write([]);
    for await (const page of pages) await write(page);
    await writer.endInto(file);
  } finally {
    await file.close();
  }
}

/** The library's writer queues what it has made, however slow the disk is. This one is emptied after every batch. */
class DrainedWriter extends RecordBatchFileWriter {
  readonly #made = this[Symbol.asyncIterator]();
  #drained = 0;

  async drainInto(file: FileHandle): Promise<void> {
    // Not further: the queue would wait for the next batch.
    while (this.#drained < this._position) {
      const { value } = (await this.#made.next()) as IteratorYieldResult<Uint8Array>;
      await file.writeFile(value);
      this.#drained += value.byteLength;
    }
  }

  async endInto(file: FileHandle): Promise<void> {
    this.close();
    for (let next = await this.#made.next(); !next.done; next = await this.#made.next())
      await file.writeFile(next.value);
  }
}

function batchOf<Row>(schema: Schema, columns: ColumnarFile<Row>['columns'], rows: Row[]): RecordBatch {
  const children = columns.map(([name, kind], index): Data => {
    const type = (schema.fields[index] as Field).type as DataType;
    const values = rows.map((row) => row[name] as unknown);
    if (kind === 'long' || kind === 'timeMicros') return longData(type as Int64 | TimestampMicrosecond, name, values);
    return vectorFromArray(values, type).data[0] ?? makeData({ type });
  });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, children }));
}

/** Buffers of 64-bit values. The library's builder takes times as milliseconds in floating point, and loses microseconds. */
function longData(type: Int64 | TimestampMicrosecond, name: string, values: unknown[]): Data {
  const data = new BigInt64Array(values.length);
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  values.forEach((value, row) => {
    if (value === null || value === undefined) nullCount += 1;
    else {
      const exact = BigInt(value as bigint | number | string);
      // The array would wrap around in silence.
      if (BigInt.asIntN(64, exact) !== exact) throw new RangeError(`${name}: a value does not fit into 64 bits`);
      data[row] = exact;
      nullBitmap[row >> 3]! |= 1 << (row & 7);
    }
  });
  return makeData({ type: type as Int64, length: values.length, nullCount, nullBitmap, data });
}
