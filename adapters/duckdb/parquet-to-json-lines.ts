// Turns a Parquet file into JSON Lines, by DuckDB, which streams: memory does not grow with the file. Rows keep their order.
import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { quoteIdentifier, quoteLiteral } from '../../sql/named.ts';

/** Too low: wide files do not fit; too high: the worker's memory grows by that much. */
const MEMORY = '512MB';

/** Whether a file is Parquet, by its first bytes. A file that cannot be read is none: whoever reads it next says why. */
export async function isParquet(file: string): Promise<boolean> {
  const bytes = Buffer.alloc(4);
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return false;
  // A folder can be opened and not read.
  await handle
    .read(bytes, 0, bytes.length, 0)
    .catch(() => undefined)
    .finally(() => handle.close());
  return bytes.toString('latin1') === 'PAR1';
}

/**
 * Writes the rows of a Parquet file as JSON Lines into `folder`, hands the path to `use`, and removes the file again. Every plain
 * value becomes text: a number of 19 digits stays whole; instants become ISO 8601 in UTC, INT96 among
 * them; times without a zone have none; whole floating-point numbers have no decimals.
 * @throws PipelineError `file_corrupt`, `file_unreadable`, or the signal's reason
 */
export async function parquetToJsonLines<T>(
  file: string,
  folder: string,
  signal: AbortSignal,
  use: (path: string) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = path.join(folder, `.${randomUUID()}.jsonl.part`);
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '2',
    memory_limit: MEMORY,
    temp_directory: path.join(folder, `.${randomUUID()}.duckdb`),
    // Nothing is fetched from anywhere: what is needed is built in.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const stop = () => connection.interrupt();
  signal.addEventListener('abort', stop, { once: true });
  try {
    // Made here, so that nobody else can read it.
    await (await open(target, 'wx', 0o600)).close();
    await copyRows(connection, file, target);
    return await use(target);
  } catch (cause) {
    signal.throwIfAborted();
    throw cause;
  } finally {
    signal.removeEventListener('abort', stop);
    connection.closeSync();
    instance.closeSync();
    await rm(target, { force: true });
  }
}

async function copyRows(connection: DuckDBConnection, file: string, target: string): Promise<void> {
  const source = `read_parquet(${quoteLiteral(file)}, binary_as_string = true)`;
  try {
    const { rows } = await described(connection, source);
    const legacy = await legacyInstants(connection, file);
    const columns = rows.map(([name, type]) => {
      const written = legacy.has(name) && type.startsWith('TIMESTAMP') ? 'TIMESTAMP WITH TIME ZONE' : type;
      return `${asText(quoteIdentifier(name), written)} as ${quoteIdentifier(name)}`;
    });
    await connection.run(`copy (select ${columns.join(', ')} from ${source}) to ${quoteLiteral(target)} (format json)`);
  } catch (cause) {
    throw new PipelineError('file_corrupt', `The Parquet file “${file}” cannot be read.`, {
      hint: 'Export or copy it again; encrypted Parquet files cannot be read.',
      cause,
    });
  }
}

async function described(connection: DuckDBConnection, source: string): Promise<{ rows: [string, string][] }> {
  const reader = await connection.runAndReadAll(`describe select * from ${source}`);
  return { rows: reader.getRows().map((row) => [String(row[0]), String(row[1])]) };
}

/** Columns of INT96, in which Spark, Hive and Impala write instants: in UTC by convention, though nothing in the file says so. */
async function legacyInstants(connection: DuckDBConnection, file: string): Promise<Set<string>> {
  const reader = await connection.runAndReadAll(
    `select name from parquet_schema(${quoteLiteral(file)}) where type = 'INT96'`,
  );
  return new Set(reader.getRows().map((row) => String(row[0])));
}

/** A value as text. Lists and structures stay what they are: whoever needs one as text refuses it. */
function asText(column: string, type: string): string {
  if (/\[|^(STRUCT|MAP|UNION)/.test(type)) return column;
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return `strftime(make_timestamp(epoch_us(${column})), '%Y-%m-%dT%H:%M:%S.%fZ')`;
  // Whole numbers of a column that one blank cell made floating-point: ids are written without `.0`.
  if (type === 'DOUBLE' || type === 'FLOAT')
    return `case when ${column} = trunc(${column}) and abs(${column}) < 1e15 then ${column}::bigint::varchar else ${column}::varchar end`;
  return `${column}::varchar`;
}
