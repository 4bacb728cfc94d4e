// Which slices of a broadcast have something left, and what people want of it: what the delivery workflow asks between slices.
import type { Database, Queryable } from '../../ports/database.ts';
import type { BroadcastRef } from '../../contracts/broadcast.ts';
import { RETRY_KEY_MS } from '../delivery/chunk-verdict.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { giveUpChunks } from './finish.ts';
import { checkAttempt } from '../delivery/broadcast-attempt.ts';

export interface OpenSlice {
  slice: number;
  /** When its earliest row or chunk is due, epoch ms of the database; null: now. Only the courses of older runs compare it. */
  nextMs: number | null;
  /** The same from now on: clocks of others need not agree with the database's. */
  waitMs: number | null;
}

/** Slices with something left, in order. */
export async function openSlices(db: Queryable, ref: BroadcastRef, after: number, most: number): Promise<OpenSlice[]> {
  await checkAttempt(db, ref);
  const { rows } = await db.query<{ slice: number; next_ms: number | null; wait_ms: number | null }>(
    broadcastSql.open_slices,
    [ref.broadcastId, after, most],
  );
  return rows.map((row) => ({ slice: row.slice, nextMs: row.next_ms, waitMs: row.wait_ms }));
}

/** What the delivery has before it. */
export interface Outlook {
  /** Some slice has something left. */
  open: boolean;
  /** Until the earliest of it is due; 0: now. */
  waitMs: number;
  /** Only requests nobody knows the end of are left. */
  settling: boolean;
  /** Until the earliest of those is asked about again; 0: now; null: there are none. */
  unresolvedMs: number | null;
}

/** Slices asked about at once: the earliest of more is later than now anyway, and is asked for again. */
const MOST_SLICES = 10_000;

/**
 * Looks at what is left, gives up on requests that LINE can no longer tell about, and shows the broadcast as `settling` while only
 * such requests are left. Twice is harmless. @throws PipelineError `broadcast_superseded`
 */
export async function outlook(ref: BroadcastRef, db: Database): Promise<Outlook> {
  await giveUpChunks(ref, db);
  const open = await openSlices(db, ref, -1, MOST_SLICES);
  const { rows } = await db.query<{ settling: boolean }>(broadcastSql.show_settling, [ref.broadcastId, ref.attempt]);
  const waitMs = open.some((slice) => slice.waitMs === null) ? 0 : Math.min(...open.map((slice) => slice.waitMs!));
  const unresolved = await unresolvedRow(db, ref.broadcastId);
  return {
    open: open.length > 0,
    waitMs: open.length === 0 ? 0 : waitMs,
    settling: rows[0]?.settling ?? false,
    unresolvedMs: unresolved.recipients === 0 ? null : (unresolved.next_ms ?? 0),
  };
}

/** Slices with recipients whose requests nobody knows the end of: to be resolved before a stopped broadcast ends. */
export async function claimedSlices(db: Queryable, ref: BroadcastRef): Promise<number[]> {
  await checkAttempt(db, ref);
  const { rows } = await db.query<{ slice: number }>(broadcastSql.claimed_slices, [ref.broadcastId]);
  return rows.map((row) => row.slice);
}

/** Recipients in chunks nobody knows the end of. */
export interface Unresolved {
  recipients: number;
  /** The most frequent code of their last answers. */
  code: string | null;
  /** Until when they are asked about; then they become uncertain. */
  until: Date;
}

interface UnresolvedRow extends Record<string, unknown> {
  recipients: number;
  code: string | null;
  until: Date | null;
  next_ms: number | null;
}

async function unresolvedRow(db: Queryable, broadcastId: string): Promise<UnresolvedRow> {
  const { rows } = await db.query<UnresolvedRow>(broadcastSql.unresolved, [broadcastId, RETRY_KEY_MS]);
  return rows[0]!;
}

/** Null where there are none. */
export async function unresolvedOf(db: Queryable, broadcastId: string): Promise<Unresolved | null> {
  const { recipients, code, until } = await unresolvedRow(db, broadcastId);
  return recipients === 0 || until === null ? null : { recipients, code, until };
}

/** `run`, `pause`, `cancel` or `fail`. */
export async function readControl(ref: BroadcastRef, db: Queryable): Promise<string> {
  await checkAttempt(db, ref);
  const { rows } = await db.query<{ control: string }>('select control from broadcasts where id = $1', [
    ref.broadcastId,
  ]);
  return rows[0]!.control;
}
