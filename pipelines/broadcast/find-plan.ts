// Finished plans by the names that people have for them, a digest or the id of the broadcast; and what is said when there is none.
import type { Queryable } from '../../ports/database.ts';
import type { BroadcastState } from '../../contracts/broadcast.ts';
import { isDigits } from '../../contracts/checked-input.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { broadcastSql } from './broadcast-sql.ts';

/** The id of the broadcast that a digest or an id names. @throws PipelineError `plan_unknown` */
export async function idOfPlan(db: Queryable, plan: string): Promise<string> {
  const statement = isDigits(plan) ? broadcastSql.plan_by_id : broadcastSql.plan_by_digest;
  const { rows } = await db.query<{ id: string }>(statement, [plan]);
  if (rows[0]) return rows[0].id;
  throw new PipelineError('plan_unknown', `There is no plan with the digest or id ${plan}.`, {
    hint: 'Make one with: sluice broadcast plan. It prints both.',
  });
}

/** The newest other broadcast by which the same message was started to the same recipients, whatever became of it. */
export async function startedBefore(
  db: Queryable,
  broadcastId: string,
): Promise<{ id: string; state: BroadcastState } | null> {
  const { rows } = await db.query<{ id: string; state: BroadcastState }>(broadcastSql.sent_before, [broadcastId]);
  return rows[0] ?? null;
}

/** What is said of an id that no broadcast has. */
export function unknownBroadcast(broadcastId: string): PipelineError {
  return new PipelineError('broadcast_unknown', `There is no broadcast ${broadcastId}.`, {
    hint: 'sluice broadcast list shows what there is.',
  });
}
