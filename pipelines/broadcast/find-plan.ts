// Finished plans by the names that people have for them: a digest, or the id of the broadcast.
import type { Queryable } from '../../adapters/postgres/database.ts';
import { isDigits } from '../contracts/checked-input.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
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

/** Whether the same message went to the same recipients by another broadcast. */
export async function wasSentBefore(db: Queryable, broadcastId: string): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(broadcastSql.sent_before, [broadcastId]);
  return rows[0]!.found;
}
