// Makes the checksum of results known to a DuckDB: the sum of the hashes of rows, whatever their order.
import { namedStatements } from '../../sql/named.ts';
import type { Duck } from '../../ports/duck.ts';

const checksumSql = namedStatements('checksum', ['row_hash', 'checksum_of'], 'duckdb');

/** From here on `row_hash(text)` and the aggregate `checksum_of(row_hash)` can be used; twice is harmless. */
export async function defineChecksum(duck: Duck): Promise<void> {
  await duck.run(checksumSql.row_hash);
  await duck.run(checksumSql.checksum_of);
}
