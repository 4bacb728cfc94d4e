// Expiry: takes tags off whose time has run out, as events at the instant when it ran out, whenever this runs.
import type { Database } from '../../ports/database.ts';
import type { ExpireResult } from '../../contracts/tag-import.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { ensureMonths } from './months.ts';
import { tagsSql } from './tags-sql.ts';

/** A batch takes a fraction of a second; see SLICE_TIMEOUT_MS of apply-tags.ts. */
const BATCH_TIMEOUT_MS = 60_000;

/**
 * Expires what is due now, `batch` tags at a time. Calling it again does nothing, or what became due meanwhile. A contact that
 * somebody else is working on is left for the next time.
 */
export async function expireTags(db: Database, batch: number, control: StepControl): Promise<ExpireResult> {
  const { rows } = await db.query<{ now: Date }>(`select date_trunc('milliseconds', sluice_now()) as now`);
  const upTo = rows[0]!.now;
  const { rows: months } = await db.query<{ month: Date }>(tagsSql.due_months, [upTo]);
  await ensureMonths(
    db,
    months.map(({ month }) => month),
  );
  let expired = 0;
  for (;;) {
    control.signal.throwIfAborted();
    const done = await db.transaction(
      async (tx) => {
        const { rows: due } = await tx.query<{ id: string }>(tagsSql.due_contacts, [upTo, batch]);
        if (due.length === 0) return null;
        const contacts = [...new Set(due.map(({ id }) => id))];
        const { rows: counts } = await tx.query<{ expired: number }>(tagsSql.expire_tags, [upTo, contacts]);
        return counts[0]!.expired;
      },
      { timeoutMs: BATCH_TIMEOUT_MS },
    );
    if (done === null) return { expired, upTo: upTo.toISOString() };
    expired += done;
    control.onProgress(expired);
  }
}
