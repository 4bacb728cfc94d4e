// What people want of a running broadcast: pause, resume, cancel, another rate. Workers look at it with every lease.
import type { Database } from '../../adapters/postgres/database.ts';
import type { BroadcastRef, BroadcastState } from '../contracts/broadcast.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { checkAttempt } from './start.ts';

export type Control = 'run' | 'pause' | 'cancel';

const STATE: Record<Control, BroadcastState> = { run: 'running', pause: 'paused', cancel: 'running' };

/** Takes effect with the next lease of every worker. Cancelled and failed broadcasts do not come back. Twice is harmless. */
export async function setControl(ref: BroadcastRef, control: Control, db: Database): Promise<void> {
  await checkAttempt(db, ref);
  await db.query(
    `update broadcasts set control = $2, state = $3::broadcast_state, updated_at = clock_timestamp()
     where id = $1 and control in ('run', 'pause') and state in ('running', 'paused')`,
    [ref.broadcastId, control, STATE[control]],
  );
}

/** Recipients claimed at this moment: requests under way, and sealed chunks nobody knows the end of. */
export async function claimedNow(ref: BroadcastRef, db: Database): Promise<number> {
  const { rows } = await db.query<{ claimed: number }>(broadcastSql.in_flight, [ref.broadcastId]);
  return rows[0]!.claimed;
}

/**
 * Sets the rate of the budget that a broadcast uses, for its whole channel, from the next lease on. Requests a second; 0: no
 * limit. @throws PipelineError `rate_invalid`
 */
export async function setRate(broadcastId: string, perSecond: number, db: Database): Promise<void> {
  if (!(Number.isFinite(perSecond) && perSecond >= 0))
    throw new PipelineError('rate_invalid', `${perSecond} is not a rate.`, {
      hint: 'Give requests a second, above 0; 0 for no limit.',
    });
  await db.query(
    `update channels c set rates = jsonb_set(rates, array[b.endpoint], to_jsonb($2::double precision)), updated_at = now()
     from broadcasts b where b.id = $1 and c.id = b.channel_id`,
    [broadcastId, perSecond],
  );
}
