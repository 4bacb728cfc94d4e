// Before the first slice: the contacts a plan promised, and what a retry puts back.
import type { Database } from '../../adapters/postgres/database.ts';
import type { BroadcastRef, RetryScope } from '../contracts/broadcast.ts';
import type { StepControl } from '../import/ports.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { refreshStatistics } from './plan-statistics.ts';
import { eachRange } from './ranges.ts';
import { checkAttempt } from './start.ts';

/** Creates the contacts of recipients that had none. Calling it again creates nothing more. Gives how many were made. */
export async function createContacts(
  ref: BroadcastRef,
  recipients: number,
  db: Database,
  control: StepControl,
): Promise<number> {
  await checkAttempt(db, ref);
  await refreshStatistics(db, recipients);
  let created = 0;
  await eachRange(recipients, control.signal, async (from, to) => {
    await db.transaction(async (tx) => {
      const range = [ref.broadcastId, from, to];
      const { rows } = await tx.query<{ created: string }>(broadcastSql.create_contacts, range);
      created += Number(rows[0]!.created);
      await tx.query(broadcastSql.bind_contacts, range);
    });
    control.onProgress(to);
  });
  return created;
}

const REOPEN = {
  failed: broadcastSql.reopen_failed,
  uncertain: broadcastSql.reopen_uncertain,
  cancelled: broadcastSql.reopen_cancelled,
};

/** Puts what `scope` names back to planned. Calling it again within one attempt finds nothing more to put back. */
export async function reopenRecipients(
  ref: BroadcastRef,
  scope: RetryScope,
  recipients: number,
  db: Database,
  control: StepControl,
): Promise<number> {
  await checkAttempt(db, ref);
  await refreshStatistics(db, recipients);
  let reopened = 0;
  if (scope !== 'planned')
    await eachRange(recipients, control.signal, async (from, to) => {
      reopened += (await db.query(REOPEN[scope], [ref.broadcastId, from, to])).rowCount;
      control.onProgress(to);
    });
  await db.query(broadcastSql.reopen_slices, [ref.broadcastId]);
  return reopened;
}
