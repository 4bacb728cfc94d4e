// The fence between broadcast attempts, as a question: statements that write ask it themselves.
import type { Queryable } from '../../ports/database.ts';
import type { BroadcastRef } from '../../contracts/broadcast.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';

/** @throws PipelineError `broadcast_superseded` when another run has taken it over */
export async function checkAttempt(db: Queryable, ref: BroadcastRef): Promise<void> {
  const { rows } = await db.query<{ attempt: number }>('select attempt from broadcasts where id = $1', [
    ref.broadcastId,
  ]);
  if (rows[0]?.attempt !== ref.attempt) throw superseded(ref.broadcastId);
}

/** What a run, or a try of a slice, learns when another broadcast attempt has begun. */
export function superseded(broadcastId: string): PipelineError {
  return new PipelineError('broadcast_superseded', `Broadcast ${broadcastId} went on in another workflow.`, {
    hint: `See it with: sluice broadcast status ${broadcastId}.`,
  });
}
