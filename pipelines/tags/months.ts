// The months of the tag log: a partition must be there before an event of its month is written.
import type { Database } from '../../ports/database.ts';

/** Makes the partitions of these months, each in a transaction of its own. On those that are there it does nothing. */
export async function ensureMonths(db: Database, instants: Iterable<Date | string>): Promise<void> {
  for (const instant of instants) await db.query('select ensure_tag_months($1, $1)', [instant]);
}
