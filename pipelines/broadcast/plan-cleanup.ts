// Clears away what plans leave that were never finished: staged lines, recipients, and at last their row. Never touches a
// plan that has its digest.
import type { Database, Queryable } from '../../ports/database.ts';
import { dropPartition } from '../staging/partition.ts';

/** Unfinished plans looked at when another one starts. Too high: a start waits for Temporal; too low: they go more slowly. */
const CLEARED_AT_ONCE = 20;

/** SQLSTATE of a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

/** Removes the lines, recipients, ledger rows and slices of a plan in the making. Calling it twice is a no-op. */
export async function dropRecipients(tx: Queryable, broadcastId: string): Promise<void> {
  for (const table of ['broadcast_lines', 'broadcast_recipients', 'broadcast_ledger', 'broadcast_slices'])
    await tx.query(
      `delete from ${table} where broadcast_id = $1
         and exists (select from broadcasts where id = $1 and digest is null)`,
      [broadcastId],
    );
}

/** Gives an unfinished plan up: only its row stays, with the reason. One that is finished stays as it is. */
export async function abandonPlan(db: Database, broadcastId: string, reason: string): Promise<void> {
  await db.transaction(async (tx) => {
    const { rows } = await tx.query(
      'select from broadcasts where id = $1 and digest is null and same_as is null for update',
      [broadcastId],
    );
    if (rows.length === 0) return;
    await dropRecipients(tx, broadcastId);
    await dropPartition(tx, 'broadcast_staging', broadcastId);
    // No try of any step has a number above this one.
    await tx.query(
      `update broadcasts set error = $2, plan_step = 2147483647, updated_at = sluice_now() where id = $1`,
      [broadcastId, reason],
    );
  });
}

/** Removes unfinished plans whose workflow run is no more. A plan of a live run, and the run given, are left alone. */
export async function clearUnfinished(
  db: Database,
  ownRunId: string,
  isRunning: (workflowId: string, runId: string) => Promise<boolean>,
): Promise<number> {
  const { rows } = await db.query<{ id: string; workflow_id: string; run_id: string }>(
    `select id, plan_workflow_id as workflow_id, plan_run_id as run_id from broadcasts
     where digest is null and plan_run_id <> $1 order by id limit $2`,
    [ownRunId, CLEARED_AT_ONCE],
  );
  let cleared = 0;
  for (const { id, workflow_id, run_id } of rows)
    if (!(await isRunning(workflow_id, run_id)) && (await clear(db, id))) cleared += 1;
  return cleared;
}

/** Removes one; false when somebody still holds it, as the last statement of a killed worker may: the next start comes again. */
async function clear(db: Database, id: string): Promise<boolean> {
  try {
    return await db.transaction(async (tx) => {
      await tx.query(`set local lock_timeout = '1s'`);
      const locked = await tx.query('select from broadcasts where id = $1 and digest is null for update', [id]);
      if (locked.rows.length === 0) return false;
      await dropPartition(tx, 'broadcast_staging', id);
      await dropRecipients(tx, id);
      await tx.query('delete from broadcasts where id = $1', [id]);
      return true;
    });
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}
