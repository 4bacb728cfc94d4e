// Where a broadcast stands, from the ledger alone: counts by fate, delivery and code, rate against limit, time left, what it waits for.
import type { Queryable } from '../../ports/database.ts';
import { WORKER_SILENCE_S } from '../channels/channel-workers.ts';
import {
  emptyFates,
  OPEN_STATES,
  type BroadcastState,
  type BroadcastStatus,
  type DeliveryCounts,
  type Fate,
} from '../../contracts/broadcast.ts';
import { DOCUMENTED_RATES } from '../../contracts/channel-kinds.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { unknownBroadcast } from './find-plan.ts';
import { unresolvedOf } from './slices.ts';

/** Seconds over which the present rate is taken. Lower: it jumps; higher: it lags behind a pause. */
const RATE_WINDOW_S = 5;

interface Stored extends Record<string, unknown> {
  channel_id: string;
  state: BroadcastState;
  attempt: number;
  digest: string | null;
  recipients: number;
  error: string | null;
  endpoint: string;
  chunk_size: number;
  rate: number | null;
  rate_cap: number | null;
  held: string | null;
  share: number | null;
  settle_until: Date | null;
  workers: number;
  in_flight: number;
}

/** Counts at one moment; they add up to the recipients. @throws PipelineError `broadcast_unknown` */
export async function readStatus(db: Queryable, broadcastId: string): Promise<BroadcastStatus> {
  const { rows } = await db.query<Stored>(
    `select b.channel_id, b.state, b.attempt, b.digest, b.recipients, b.error, b.endpoint, b.chunk_size, b.rate_cap, b.settle_until,
       coalesce(c.rates ->> b.endpoint, c.rates ->> '*')::double precision as rate,
       case when not c.enabled then 'disabled'
         else (select code from channel_breakers h where h.channel_id = b.channel_id and h.open) end as held,
       (select share from rate_limits l
         where l.channel_id = b.channel_id and l.endpoint = b.endpoint and l.share_at > sluice_now() - interval '1 minute') as share,
       w.workers, w.in_flight
     from broadcasts b join channels c on c.id = b.channel_id
     cross join lateral (
       select count(*)::integer as workers, coalesce(sum(in_flight), 0)::integer as in_flight from channel_workers
       where channel_id = b.channel_id and seen_at > sluice_now() - $2 * interval '1 s'
     ) w
     where b.id = $1`,
    [broadcastId, WORKER_SILENCE_S],
  );
  const broadcast = rows[0];
  if (!broadcast) throw unknownBroadcast(broadcastId);
  const counted = await countFates(db, broadcastId);
  const running = broadcast.state === 'running';
  const open = OPEN_STATES.includes(broadcast.state);
  const unresolved = open ? await unresolvedOf(db, broadcastId) : null;
  const ratePerSecond = running ? await recentRate(db, broadcastId) : 0;
  const left = counted.fates.planned + counted.fates.claimed;
  const limit = limitOf(broadcast);
  return {
    broadcastId,
    channel: broadcast.channel_id,
    state: broadcast.state,
    attempt: broadcast.attempt,
    digest: broadcast.digest,
    recipients: broadcast.recipients,
    ...counted,
    ratePerSecond,
    limitPerSecond: limit,
    // The limit is there at once; the rate of the last seconds comes down to a new one only slowly.
    etaSeconds: running && ratePerSecond > 0 ? Math.ceil(left / Math.min(ratePerSecond, limit ?? Infinity)) : null,
    held: open ? broadcast.held : null,
    waiting: open && left > 0 && broadcast.workers === 0 ? `no worker serves ${broadcast.channel_id}` : null,
    unresolved: unresolved && { ...unresolved, until: unresolved.until.toISOString() },
    settleUntil: broadcast.state === 'settling' ? (broadcast.settle_until?.toISOString() ?? null) : null,
    rateCap: broadcast.rate_cap,
    grantedShare: open ? broadcast.share : null,
    inFlightBound: open ? Math.min(left, broadcast.in_flight * broadcast.chunk_size) : 0,
    error: broadcast.error,
  };
}

/** Recipients a second that the channel's rate and the broadcast's own cap allow. */
function limitOf({ rate, rate_cap: cap, endpoint, chunk_size: chunk }: Stored): number | null {
  const requests = rate ?? DOCUMENTED_RATES[endpoint] ?? 0;
  const limits = [requests, cap ?? 0].filter((limit) => limit > 0);
  return limits.length === 0 ? null : Math.min(...limits) * chunk;
}

/** Codes listed at most; the rest is summed up in the fates. */
const MOST_CODES = 20;

export async function countFates(
  db: Queryable,
  broadcastId: string,
): Promise<Pick<BroadcastStatus, 'fates' | 'codes' | 'delivery' | 'repeatedAfterUnclearRefusal'>> {
  const { rows } = await db.query<{
    fate: Fate;
    delivery: keyof DeliveryCounts | 'none';
    code: string | null;
    recipients: number;
    unclear: number;
  }>(broadcastSql.count_fates, [broadcastId]);
  const fates = emptyFates();
  const delivery: DeliveryCounts = { sent: 0, delivered: 0, read: 0, failed: 0 };
  const codes = new Map<string, BroadcastStatus['codes'][number]>();
  let repeatedAfterUnclearRefusal = 0;
  for (const row of rows) {
    fates[row.fate] += row.recipients;
    repeatedAfterUnclearRefusal += row.unclear;
    if (row.delivery !== 'none') delivery[row.delivery] += row.recipients;
    if (row.code === null || row.fate === 'planned') continue;
    const entry = codes.get(`${row.fate} ${row.code}`) ?? { fate: row.fate, code: row.code, recipients: 0 };
    entry.recipients += row.recipients;
    codes.set(`${row.fate} ${row.code}`, entry);
  }
  const sorted = [...codes.values()].sort((a, b) => b.recipients - a.recipients || (a.code < b.code ? -1 : 1));
  return { fates, delivery, codes: sorted.slice(0, MOST_CODES), repeatedAfterUnclearRefusal };
}

async function recentRate(db: Queryable, broadcastId: string): Promise<number> {
  const { rows } = await db.query<{ rate: number }>(broadcastSql.recent_rate, [broadcastId, RATE_WINDOW_S]);
  return rows[0]!.rate;
}
