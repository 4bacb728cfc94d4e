// Which channels are served by a worker: each worker says so every few seconds; silence means that it is gone.
import { canSend, CHANNEL_KINDS } from '../../contracts/channel-kinds.ts';
import type { Queryable } from '../../ports/database.ts';

/**
 * Seconds since a worker last said that it serves a channel, after which it counts as gone; workers say so every two seconds. Lower: a
 * busy worker is reported missing; higher: a dead one is noticed late.
 */
export const WORKER_SILENCE_S = 15;

/** The worker serves exactly these channels now. Also clears away workers that have been silent for long. Twice is harmless. */
export async function sayServed(
  db: Queryable,
  worker: string,
  served: { channelId: string; inFlight: number }[],
): Promise<void> {
  const channels = served.map(({ channelId }) => channelId);
  await db.query(
    `insert into channel_workers (channel_id, worker, in_flight)
     select channel_id, $1, in_flight from unnest($2::text[], $3::integer[]) as u (channel_id, in_flight)
     on conflict (channel_id, worker) do update set seen_at = sluice_now(), in_flight = excluded.in_flight`,
    [worker, channels, served.map(({ inFlight }) => inFlight)],
  );
  await db.query(
    `delete from channel_workers
     where (worker = $1 and not (channel_id = any ($2::text[]))) or seen_at < sluice_now() - interval '1 hour'`,
    [worker, channels],
  );
}

/** The worker has ended. */
export async function forgetWorker(db: Queryable, worker: string): Promise<void> {
  await db.query('delete from channel_workers where worker = $1', [worker]);
}

/** Enabled channels that no worker serves now, the variable of their token, and whether a broadcast waits for one. */
export async function unservedChannels(db: Queryable): Promise<{ id: string; secretEnv: string; awaited: boolean }[]> {
  const { rows } = await db.query<{ id: string; secretEnv: string; awaited: boolean }>(
    `select c.id, c.secret_env as "secretEnv", exists (
       select from broadcasts b where b.channel_id = c.id and b.state in ('running', 'paused', 'settling')
     ) as awaited
     from channels c
     where c.enabled and c.kind = any ($2::text[]) and not exists (
       select from channel_workers w where w.channel_id = c.id and w.seen_at > sluice_now() - $1 * interval '1 s'
     )
     order by c.id`,
    [WORKER_SILENCE_S, CHANNEL_KINDS.filter(canSend)],
  );
  return rows;
}
