// The way to Postgres: a pool, transactions, COPY. Knows nothing of what the statements mean.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Database, Transaction, TransactionOptions } from '../../ports/database.ts';
import type { DB } from '../../sql/types.generated.ts';

export interface DatabaseOptions {
  url: string;
  /** Connections at most. Too low: activities wait for each other; too high: Postgres runs out of slots (100 by default). */
  poolSize?: number;
  applicationName?: string;
}

/** Too low: a busy event loop loses its transaction; too high: a frozen process holds up others that long. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** Opens a pool. Connects lazily; a lost connection fails its statement and is replaced on the next one. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 10,
    application_name: options.applicationName ?? 'sluice',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    // A frozen process must not keep its locks from its successor; statements that run long are not touched.
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  });
  // Without a listener an idle connection that dies would end the process.
  pool.on('error', () => undefined);
  return {
    query: (text, values, prepareAs) => run(pool, text, values, prepareAs),
    transaction: (work, transactionOptions) => inTransaction(pool, work, transactionOptions),
    kysely: new Kysely<DB>({ dialect: new PostgresDialect({ pool }) }),
    end: () => pool.end(),
  };
}

async function run<Row extends pg.QueryResultRow>(
  client: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly unknown[] = [],
  prepareAs?: string,
): Promise<{ rows: Row[]; rowCount: number }> {
  const named = prepareAs === undefined ? {} : { name: prepareAs };
  const result = await client.query<Row>({ text, values: [...values], ...named });
  return { rows: result.rows, rowCount: result.rowCount ?? 0 };
}

async function inTransaction<T>(
  pool: pg.Pool,
  work: (tx: Transaction) => Promise<T>,
  { signal, timeoutMs }: TransactionOptions = {},
): Promise<T> {
  signal?.throwIfAborted();
  const client = await pool.connect();
  let cancelling: Promise<void> = Promise.resolve();
  const cancel = () => {
    cancelling = cancelStatement(pool, client);
  };
  signal?.addEventListener('abort', cancel, { once: true });
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query('begin');
    if (timeoutMs !== undefined)
      await client.query(`select set_config('transaction_timeout', $1, true)`, [`${timeoutMs}ms`]);
    const result = await work({
      query: (text, values, prepareAs) => {
        signal?.throwIfAborted();
        return run(client, text, values, prepareAs);
      },
      copyIn: (text, chunks) => pipeline(Readable.from(chunks, { objectMode: false }), client.query(copyFrom(text))),
      copyOut: (text, into) => pipeline(client.query(copyTo(text)), into),
    });
    signal?.throwIfAborted();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch((lost: Error) => (broken = lost));
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    // A cancel on its way must not hit whoever gets this connection next.
    await cancelling;
    client.off('error', onError);
    client.release(broken);
  }
}

/** Asks the server to cancel what `client` is doing. Comes too late at times; then the statement simply ends. */
async function cancelStatement(pool: pg.Pool, client: pg.PoolClient): Promise<void> {
  const { processID } = client as pg.PoolClient & { processID: number };
  await pool.query('select pg_cancel_backend($1)', [processID]).catch(() => undefined);
}
