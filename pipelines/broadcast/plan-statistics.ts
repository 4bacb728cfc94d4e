// Statistics of the tables that a broadcast is sent from: right after a plan they know nothing of its rows.
import type { Queryable } from '../../ports/database.ts';
import { planSql } from './plan-sql.ts';

/** Recipients from which a statement planned without statistics hurts; below, a sample costs more than it saves. */
const SAMPLED_FROM = 1_000;

/** Takes a sample of recipients and ledger; for whoever starts a broadcast. Some 100 ms; calling it again is harmless. */
export async function refreshStatistics(db: Queryable, recipients: number): Promise<void> {
  if (recipients < SAMPLED_FROM) return;
  await db.query(planSql.analyze_recipients);
  await db.query(planSql.analyze_ledger);
}
