// Which sessions of the database wait for a lock just now, and for whom.
import type { Queryable } from '../../ports/database.ts';

export async function lockWaits(admin: Queryable): Promise<{ pid: number; blockers: number[] }[]> {
  const { rows } = await admin.query<{ pid: number; blockers: number[] }>(
    `select pid, pg_blocking_pids(pid) as blockers from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows;
}

/** What sessions do that do not just wait for their next statement, in words. */
export async function busySessions(admin: Queryable): Promise<string> {
  const { rows } = await admin.query<{ said: string }>(
    `select concat_ws(' ', pid, state, wait_event_type, wait_event, left(query, 80)) as said from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
  );
  return rows.map(({ said }) => said).join('; ');
}
