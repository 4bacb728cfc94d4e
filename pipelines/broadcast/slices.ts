// Which slices of a broadcast have something left, and what people want of it: what the delivery workflow asks between slices.
import type { Queryable } from '../../adapters/postgres/database.ts';
import type { BroadcastRef } from '../contracts/broadcast.ts';
import { broadcastSql } from './broadcast-sql.ts';
import { checkAttempt } from './start.ts';

/** Slices with something left, in order; `nextMs` epoch ms when their earliest row is due, null: now. */
export async function openSlices(
  db: Queryable,
  ref: BroadcastRef,
  after: number,
  most: number,
): Promise<{ slice: number; nextMs: number | null }[]> {
  await checkAttempt(db, ref);
  const { rows } = await db.query<{ slice: number; next_ms: number | null }>(broadcastSql.open_slices, [
    ref.broadcastId,
    after,
    most,
  ]);
  return rows.map((row) => ({ slice: row.slice, nextMs: row.next_ms }));
}

/** Slices with recipients whose requests nobody knows the end of: to be resolved before a stopped broadcast ends. */
export async function claimedSlices(db: Queryable, ref: BroadcastRef): Promise<number[]> {
  await checkAttempt(db, ref);
  const { rows } = await db.query<{ slice: number }>(broadcastSql.claimed_slices, [ref.broadcastId]);
  return rows.map((row) => row.slice);
}

/** `run`, `pause`, `cancel` or `fail`. */
export async function readControl(ref: BroadcastRef, db: Queryable): Promise<string> {
  await checkAttempt(db, ref);
  const { rows } = await db.query<{ control: string }>('select control from broadcasts where id = $1', [
    ref.broadcastId,
  ]);
  return rows[0]!.control;
}
