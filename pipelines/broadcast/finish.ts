// The end of a broadcast: what was not sent is cancelled, slices are closed, the state says how it ended.
import type { Database } from '../../adapters/postgres/database.ts';
import type { BroadcastRef, BroadcastState } from '../contracts/broadcast.ts';
import type { StepControl } from '../import/ports.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { eachRange } from './ranges.ts';
import { checkAttempt } from './start.ts';

/** Planned recipients become cancelled; claimed ones are left to their requests. Calling it again finds nothing more. */
export async function cancelPlanned(
  ref: BroadcastRef,
  recipients: number,
  db: Database,
  control: StepControl,
): Promise<void> {
  await checkAttempt(db, ref);
  await eachRange(recipients, control.signal, async (from, to) => {
    await db.query(broadcastSql.cancel_planned, [ref.broadcastId, from, to]);
    control.onProgress(to);
  });
  await db.query(broadcastSql.close_slices, [ref.broadcastId]);
}

/** Moves the broadcast to `settling` or to its end. `error` in words where it failed. */
export async function setState(
  ref: BroadcastRef,
  state: Extract<BroadcastState, 'settling' | 'completed' | 'cancelled' | 'failed'>,
  error: string | null,
  db: Database,
): Promise<void> {
  await checkAttempt(db, ref);
  await db.query(
    `update broadcasts set state = $2::broadcast_state, error = coalesce($3, error), updated_at = clock_timestamp(),
       finished_at = case when $2 = 'settling' then null else clock_timestamp() end
     where id = $1`,
    [ref.broadcastId, state, error],
  );
}

/** How many recipients are uncertain now. */
export async function uncertainNow(ref: BroadcastRef, db: Database): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::integer as n from broadcast_ledger where broadcast_id = $1 and fate = 'uncertain'`,
    [ref.broadcastId],
  );
  return rows[0]!.n;
}
