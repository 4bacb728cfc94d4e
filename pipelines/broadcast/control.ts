// What people want of a running broadcast: pause, resume, cancel, give up, another rate. Workers look at it with every lease.
import type { Database } from '../../ports/database.ts';
import type { BroadcastRef, BroadcastState } from '../../contracts/broadcast.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { unknownBroadcast } from './find-plan.ts';
import { giveUpChunks } from './finish.ts';
import { checkAttempt } from '../delivery/broadcast-attempt.ts';

export type Control = 'run' | 'pause' | 'cancel';

const STATE: Record<Control, BroadcastState> = { run: 'running', pause: 'paused', cancel: 'running' };

/**
 * Takes effect with the next lease of every worker. Cancelled and failed broadcasts do not come back. A cancel also gives up on
 * requests nobody knows the end of, also of a broadcast that has failed and still asks about them. Gives the state it is in then.
 * Twice is harmless. @throws PipelineError `broadcast_superseded`
 */
export async function setControl(ref: BroadcastRef, control: Control, db: Database): Promise<BroadcastState> {
  await checkAttempt(db, ref);
  await db.query(
    `update broadcasts set
       give_up = give_up or $2 = 'cancel',
       control = case when control in ('run', 'pause') then $2 else control end,
       state = case when control in ('run', 'pause') then $3::broadcast_state else state end,
       updated_at = sluice_now()
     where id = $1 and attempt = $4 and state in ('running', 'paused', 'settling')`,
    [ref.broadcastId, control, STATE[control], ref.attempt],
  );
  if (control === 'cancel') await giveUpChunks(ref, db);
  const { rows } = await db.query<{ state: BroadcastState }>('select state from broadcasts where id = $1', [
    ref.broadcastId,
  ]);
  return rows[0]!.state;
}

/**
 * Gives up on requests nobody knows the end of: their recipients become uncertain now, and those of later ones at once. Evidence
 * that still comes settles them. Gives how many recipients became uncertain. Twice is harmless.
 * @throws PipelineError `broadcast_superseded`
 */
export async function giveUp(ref: BroadcastRef, db: Database): Promise<number> {
  await checkAttempt(db, ref);
  await db.query(
    `update broadcasts set give_up = true, updated_at = sluice_now()
     where id = $1 and attempt = $2 and state in ('running', 'paused', 'settling')`,
    [ref.broadcastId, ref.attempt],
  );
  return giveUpChunks(ref, db);
}

/** Recipients whose requests are under way at this moment. Chunks that wait to be repeated are not. */
export async function claimedNow(ref: BroadcastRef, db: Database): Promise<number> {
  const { rows } = await db.query<{ claimed: number }>(broadcastSql.in_flight, [ref.broadcastId]);
  return rows[0]!.claimed;
}

/**
 * Caps a broadcast's own share of its channel's budget, from the next lease on; null lifts the cap. Never raises the budget.
 * Twice is harmless. @throws PipelineError `rate_invalid`, `broadcast_unknown`, `broadcast_not_running`
 */
export async function setRateCap(broadcastId: string, perSecond: number | null, db: Database): Promise<void> {
  if (perSecond !== null && !(Number.isFinite(perSecond) && perSecond > 0))
    throw new PipelineError('rate_invalid', `${perSecond} is not a rate for a broadcast.`, {
      hint: 'Give requests a second, above 0, or none to lift the cap; to stop sending, pause the broadcast.',
    });
  const { rows } = await db.query<{ state: BroadcastState; changed: boolean }>(
    `with found as materialized (select id, state from broadcasts where id = $1),
     changed as (
       update broadcasts b set rate_cap = $2, updated_at = sluice_now() from found
       where b.id = found.id and b.digest is not null and b.state not in ('completed', 'cancelled', 'failed') returning b.id
     )
     select state, exists (select from changed) as changed from found`,
    [broadcastId, perSecond],
  );
  // What the cap before had put off is due now.
  await db.query(`update rate_shares set tat = '-infinity' where broadcast_id = $1`, [broadcastId]);
  const row = rows[0];
  if (!row) throw unknownBroadcast(broadcastId);
  if (!row.changed)
    throw new PipelineError('broadcast_not_running', `Broadcast ${broadcastId} is ${row.state}: nothing was changed.`, {
      hint: "The channel's own rate is set, for good, with: sluice channels set CHANNEL --rate N.",
    });
}
