// Where a broadcast stands, from the ledger alone: counts by fate, delivery and code, rate against limit, time left.
import type { Queryable } from '../../adapters/postgres/database.ts';
import {
  emptyFates,
  type BroadcastState,
  type BroadcastStatus,
  type DeliveryCounts,
  type Fate,
} from '../contracts/broadcast.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { DOCUMENTED_RATES } from '../contracts/provider.ts';
import { broadcastSql } from './broadcast-sql.ts';

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
  held: string | null;
}

/** Counts at one moment; they add up to the recipients. @throws PipelineError `broadcast_unknown` */
export async function readStatus(db: Queryable, broadcastId: string): Promise<BroadcastStatus> {
  const { rows } = await db.query<Stored>(
    `select b.channel_id, b.state, b.attempt, b.digest, b.recipients, b.error, b.endpoint, b.chunk_size,
       coalesce(c.rates ->> b.endpoint, c.rates ->> '*')::double precision as rate,
       (select code from channel_breakers h where h.channel_id = b.channel_id and h.open) as held
     from broadcasts b join channels c on c.id = b.channel_id where b.id = $1`,
    [broadcastId],
  );
  const broadcast = rows[0];
  if (!broadcast)
    throw new PipelineError('broadcast_unknown', `There is no broadcast ${broadcastId}.`, {
      hint: 'sluice broadcast list shows what there is.',
    });
  const counted = await countFates(db, broadcastId);
  const running = broadcast.state === 'running';
  const ratePerSecond = running ? await recentRate(db, broadcastId) : 0;
  const requests = broadcast.rate ?? DOCUMENTED_RATES[broadcast.endpoint] ?? 0;
  const limitPerSecond = requests === 0 ? null : requests * broadcast.chunk_size;
  const left = counted.fates.planned + counted.fates.claimed;
  return {
    broadcastId,
    channel: broadcast.channel_id,
    state: broadcast.state,
    attempt: broadcast.attempt,
    digest: broadcast.digest,
    recipients: broadcast.recipients,
    ...counted,
    ratePerSecond,
    limitPerSecond,
    etaSeconds: running && ratePerSecond > 0 ? Math.ceil(left / ratePerSecond) : null,
    held: running ? broadcast.held : null,
    error: broadcast.error,
  };
}

/** Codes listed at most; the rest is summed up in the fates. */
const MOST_CODES = 20;

export async function countFates(
  db: Queryable,
  broadcastId: string,
): Promise<Pick<BroadcastStatus, 'fates' | 'codes' | 'delivery'>> {
  const { rows } = await db.query<{
    fate: Fate;
    delivery: keyof DeliveryCounts | 'none';
    code: string | null;
    recipients: number;
  }>(broadcastSql.count_fates, [broadcastId]);
  const fates = emptyFates();
  const delivery: DeliveryCounts = { sent: 0, delivered: 0, read: 0, failed: 0 };
  const codes = new Map<string, BroadcastStatus['codes'][number]>();
  for (const row of rows) {
    fates[row.fate] += row.recipients;
    if (row.delivery !== 'none') delivery[row.delivery] += row.recipients;
    if (row.code === null || row.fate === 'planned') continue;
    const entry = codes.get(`${row.fate} ${row.code}`) ?? { fate: row.fate, code: row.code, recipients: 0 };
    entry.recipients += row.recipients;
    codes.set(`${row.fate} ${row.code}`, entry);
  }
  const sorted = [...codes.values()].sort((a, b) => b.recipients - a.recipients || (a.code < b.code ? -1 : 1));
  return { fates, delivery, codes: sorted.slice(0, MOST_CODES) };
}

async function recentRate(db: Queryable, broadcastId: string): Promise<number> {
  const { rows } = await db.query<{ rate: number }>(broadcastSql.recent_rate, [broadcastId, RATE_WINDOW_S]);
  return rows[0]!.rate;
}
