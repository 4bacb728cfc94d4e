// The end of a broadcast: what was not sent is cancelled, slices are closed, the state says how it ended.
import type { Database } from '../../ports/database.ts';
import type { BroadcastRef, BroadcastState } from '../../contracts/broadcast.ts';
import { RETRY_KEY_MS } from '../delivery/chunk-verdict.ts';
import { deliverySql } from '../delivery/delivery-sql.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { eachRange } from './ranges.ts';
import { checkAttempt, superseded } from '../delivery/broadcast-attempt.ts';

/** Planned recipients become cancelled; claimed ones are left to their requests. Calling it again finds nothing more. */
export async function cancelPlanned(
  ref: BroadcastRef,
  recipients: number,
  db: Database,
  control: StepControl,
): Promise<void> {
  await checkAttempt(db, ref);
  await eachRange(recipients, control.signal, async (from, to) => {
    await db.query(broadcastSql.cancel_planned, [ref.broadcastId, from, to, ref.attempt]);
    control.onProgress(to);
  });
  await closeSlices(ref, db);
  await checkAttempt(db, ref);
}

/** Slices in which nothing is left are done, and their counts are kept. Calling it again finds nothing more. */
export async function closeSlices(ref: BroadcastRef, db: Database): Promise<void> {
  await db.query(broadcastSql.close_slices, [ref.broadcastId, ref.attempt]);
  await keepCounts(ref.broadcastId, db);
}

/** Keeps the counts of slices that are done, so that nobody counts their rows again. Calling it again finds nothing more. */
export async function keepCounts(broadcastId: string, db: Database): Promise<void> {
  const { rows } = await db.query<{ slice: number }>(broadcastSql.uncounted_slices, [broadcastId]);
  for (const { slice } of rows) await db.query(deliverySql.keep_slice_counts, [broadcastId, slice]);
}

/**
 * Requests nobody knows the end of become uncertain where a person has given up on them, or where LINE has forgotten the retry key.
 * Gives how many recipients did. Calling it again finds nothing more.
 */
export async function giveUpChunks(ref: BroadcastRef, db: Database): Promise<number> {
  const { rowCount } = await db.query(deliverySql.give_up_chunks, [ref.broadcastId, null, RETRY_KEY_MS]);
  if (rowCount > 0) await closeSlices(ref, db);
  return rowCount;
}

/** Moves the broadcast to its end. `error` in words where it failed. @throws PipelineError `broadcast_superseded` */
export async function setState(
  ref: BroadcastRef,
  state: Extract<BroadcastState, 'settling' | 'completed' | 'cancelled' | 'failed'>,
  error: string | null,
  db: Database,
): Promise<void> {
  const { rowCount } = await db.query(
    `update broadcasts set state = $2::broadcast_state, error = coalesce($3, error), updated_at = sluice_now(),
       finished_at = case when $2 = 'settling' then null else sluice_now() end
     where id = $1 and attempt = $4`,
    [ref.broadcastId, state, error, ref.attempt],
  );
  if (rowCount === 0) throw superseded(ref.broadcastId);
  await keepCounts(ref.broadcastId, db);
}

/** How many recipients are uncertain now. */
export async function uncertainNow(ref: BroadcastRef, db: Database): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::integer as n from broadcast_ledger where broadcast_id = $1 and fate = 'uncertain'`,
    [ref.broadcastId],
  );
  return rows[0]!.n;
}

/** What waiting for evidence has come to. */
export interface SettleLook {
  /** Recipients about whom nothing is known still. */
  uncertain: number;
  /** Until the waiting ends, as the database's clock has it; 0: it has ended. */
  leftMs: number;
}

/**
 * Looks whether evidence about uncertain recipients is waited for. The first look fixes until when, by the database's clock, and
 * the broadcast is `settling`; later ones, also of another run, keep to it. Ends at once where nobody is uncertain, or when a
 * person has cancelled or given up. @throws PipelineError `broadcast_superseded`
 */
export async function settleLook(ref: BroadcastRef, settleSeconds: number, db: Database): Promise<SettleLook> {
  const uncertain = await uncertainNow(ref, db);
  const { rows } = await db.query<{ left_ms: number; over: boolean }>(
    `update broadcasts set
       settle_until = case when $3 > 0 then coalesce(settle_until, sluice_now() + $4 * interval '1 s') end,
       state = case when $3 > 0 and $4 > 0 and state = 'running' then 'settling' else state end::broadcast_state,
       updated_at = sluice_now()
     where id = $1 and attempt = $2
     returning give_up or control = 'cancel' as over,
       greatest(0, coalesce(extract(epoch from settle_until - sluice_now()) * 1000, 0))::double precision as left_ms`,
    [ref.broadcastId, ref.attempt, uncertain, settleSeconds],
  );
  const row = rows[0];
  if (!row) throw superseded(ref.broadcastId);
  return { uncertain, leftMs: row.over ? 0 : row.left_ms };
}
