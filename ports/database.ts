// Postgres as pipelines see it: a port, opened by adapters/postgres. Knows nothing of what the statements mean.
import type { Kysely } from 'kysely';
import type { Writable } from 'node:stream';
import type { QueryResultRow } from 'pg';
import type { DB } from '../sql/types.generated.ts';

export interface Queryable {
  /**
   * Runs one statement with parameters. Rows are typed by the caller; bigint columns arrive as strings. `prepareAs` names
   * it, so that each connection plans it once: for statements that run many times a second.
   */
  query<Row extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
    prepareAs?: string,
  ): Promise<{ rows: Row[]; rowCount: number }>;
}

export interface Transaction extends Queryable {
  /** `COPY … FROM STDIN` fed by chunks in COPY text format; resolves when the server has taken all of it. */
  copyIn(text: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** `COPY (…) TO STDOUT` into a stream, which is ended; COPY takes no parameters, so values go through `set_config`. */
  copyOut(text: string, into: Writable): Promise<void>;
}

export interface Database extends Queryable {
  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** For filters that are put together at run time. */
  readonly kysely: Kysely<DB>;
  end(): Promise<void>;
}

export interface TransactionOptions {
  /** When it aborts, the statement then running is cancelled on the server, and the transaction with it. */
  signal?: AbortSignal;
  /**
   * The server ends the transaction after this long. For transactions that wait for this process: a frozen one must not
   * keep its locks from its successor.
   */
  timeoutMs?: number;
}
