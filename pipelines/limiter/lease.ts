// Asks the database for slots of a channel's budget. The arithmetic is in lease_slots (migration 0002): one place, one clock.
import type { Queryable } from '../../ports/database.ts';
import { deliverySql } from '../delivery/delivery-sql.ts';
import type { ServerClock } from './server-clock.ts';

/**
 * Part of the rate that is granted. Higher: a request that starts some milliseconds late makes a window of the provider hold
 * one too many, and is refused; lower: budget is given away for nothing.
 */
const GRANTED_SHARE = 0.97;

/** Nobody can claim and start sooner than this after a lease. Lower: the first slot is missed; higher: budget is lost after a lull. */
const LEAD_MS = 12;
/**
 * Farther away no database is reckoned to be: what took longer was a process that stood still in between, and claims must not wait for
 * seconds because of it.
 */
const FARTHEST_MS = 500;
/** Budget granted at once. Lower: round trips dominate; higher: a crash loses more of it, and shares are uneven for longer. */
const MOST_MS = 100;

/**
 * What a lease asks for, when the database's clock is known within `uncertaintyMs` only (the best round trip to it): requests of
 * different workers may be that much nearer to each other than their slots, so fewer are granted; and a claim takes round trips.
 */
export function leaseTerms(uncertaintyMs: number): { share: number; leadMs: number; mostMs: number } {
  const known = Number.isFinite(uncertaintyMs) ? Math.max(0, uncertaintyMs) : 0;
  const roundTripMs = Math.min(known, FARTHEST_MS);
  return {
    share: 1 / (1 / GRANTED_SHARE + known / 1000),
    leadMs: LEAD_MS + 2 * roundTripMs,
    mostMs: Math.max(MOST_MS, 4 * roundTripMs),
  };
}

export interface Budget {
  channel: string;
  endpoint: string;
  /** The provider's number, where the channel names none. 0: no limit. */
  defaultRate: number;
}

/** What people want of the broadcast just now, and slots or the time to wait for them. */
export interface Lease {
  control: 'run' | 'pause' | 'cancel' | 'fail' | 'superseded' | null;
  granted: number;
  /** The n-th slot is at firstSlot + n · spacing, epoch ms of the database; null: no limit, at once. */
  firstSlot: number | null;
  spacingMs: number;
  waitMs: number;
  /** The channel is held up; this one request finds out whether it still is. */
  probe: boolean;
  /** Why the channel is held up, or null. */
  held: string | null;
  /** Faults of the channel since its last success. */
  faults: number;
}

interface Leased {
  control: Lease['control'];
  granted: number;
  first_slot: number | null;
  spacing_ms: number | null;
  now_ms: number;
  wait_ms: number;
  probe: boolean;
  faults: number;
  held: string | null;
}

/**
 * `resolving`: for what was sent before and goes out again, which a pause does not stop. At most
 * `wanted` slots, at least one unless there is a wait. Slots that are not used are lost, never used later.
 */
export async function leaseSlots(
  db: Queryable,
  budget: Budget,
  broadcast: { broadcastId: string; broadcastAttempt: number },
  wanted: number,
  clock: ServerClock,
  resolving = false,
): Promise<Lease> {
  const terms = leaseTerms(clock.uncertaintyMs);
  const asked = clock.local();
  const { rows } = await db.query<Leased & Record<string, unknown>>(
    deliverySql.lease_slots,
    [
      broadcast.broadcastId,
      budget.channel,
      budget.endpoint,
      budget.defaultRate,
      terms.share,
      wanted,
      resolving,
      broadcast.broadcastAttempt,
      terms.leadMs,
      terms.mostMs,
    ],
    'lease_slots',
  );
  const leased = rows[0]!;
  clock.observe(leased.now_ms, asked, clock.local());
  return {
    control: leased.control,
    granted: leased.granted,
    firstSlot: leased.first_slot,
    spacingMs: leased.spacing_ms ?? 0,
    waitMs: leased.wait_ms,
    probe: leased.probe,
    held: leased.held,
    faults: leased.faults,
  };
}
