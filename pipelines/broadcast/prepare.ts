// Before the first slice: the contacts a plan promised, and what a retry puts back. Each statement looks at the broadcast attempt.
import { addressIsPhone, CHANNEL_KINDS } from '../../contracts/channel-kinds.ts';
import type { Database } from '../../ports/database.ts';
import type { BroadcastRef, Fate, RetryScope } from '../../contracts/broadcast.ts';
import type { SuppressionPads } from '../values/address-hash.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { keepCounts } from './finish.ts';
import { refreshStatistics } from './plan-statistics.ts';
import { eachRange } from './ranges.ts';
import { checkAttempt } from '../delivery/broadcast-attempt.ts';

export interface PreparePorts {
  db: Database;
  suppressionPads(): Promise<SuppressionPads>;
}

/**
 * Creates the contacts of recipients that had none; whoever was erased or suppressed since the plan is suppressed instead.
 * Calling it again creates nothing more. Gives how many were made.
 */
export async function createContacts(
  ref: BroadcastRef,
  recipients: number,
  ports: PreparePorts,
  control: StepControl,
): Promise<number> {
  const { db } = ports;
  await checkAttempt(db, ref);
  await refreshStatistics(db, recipients);
  const { inner, outer } = await ports.suppressionPads();
  let created = 0;
  await eachRange(recipients, control.signal, async (from, to) => {
    await db.transaction(async (tx) => {
      const range = [ref.broadcastId, from, to];
      await tx.query(broadcastSql.suppress_unbound, [...range, inner, outer, ref.attempt]);
      const { rows } = await tx.query<{ id: string }>(broadcastSql.create_contacts, [
        ...range,
        ref.attempt,
        CHANNEL_KINDS.filter(addressIsPhone),
      ]);
      const made = rows.map(({ id }) => id);
      const unmade = await tx.query(broadcastSql.unmake_suppressed, [ref.broadcastId, made, inner, outer]);
      created += made.length - unmade.rowCount;
      await tx.query(broadcastSql.bind_contacts, [...range, ref.attempt]);
    });
    control.onProgress(to);
  });
  await checkAttempt(db, ref);
  return created;
}

/** The fate that each scope puts back. */
const REOPENED = { failed: 'rejected', uncertain: 'uncertain', cancelled: 'cancelled' } satisfies Record<
  Exclude<RetryScope, 'planned'>,
  Fate
>;

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
  if (scope !== 'planned') {
    await eachRange(recipients, control.signal, async (from, to) => {
      const range = [ref.broadcastId, from, to, ref.attempt, REOPENED[scope]];
      reopened += (await db.query(broadcastSql.reopen_recipients, range)).rowCount;
      control.onProgress(to);
    });
  }
  await db.query(broadcastSql.reopen_slices, [ref.broadcastId, ref.attempt]);
  await keepCounts(ref.broadcastId, db);
  await checkAttempt(db, ref);
  return reopened;
}
