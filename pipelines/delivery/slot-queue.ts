// Starts requests at their slots: not before, and not later than the headroom allows. A slot that was missed is given up, and
// its unit waits for another.
import type { ServerClock } from '../limiter/server-clock.ts';
import type { Unit } from './ports.ts';

/**
 * How late a request may start, milliseconds, besides what is not known of the database's clock (for which fewer slots are granted).
 * Higher: a busy machine pushes requests of one second into the next, and the
 * provider refuses; lower: slots are given up for nothing.
 */
const HEADROOM_MS = 10;

/**
 * More than this is not known of the clock only when this process, or the database, stood still during a lease: then old slots are
 * void, and what was claimed for them may be a successor's. Lower: a database that far away is not used; higher: a frozen process
 * sends when it wakes.
 */
const MOST_UNCERTAIN_MS = 2_000;

interface Entry {
  unit: Unit;
  slotMs: number;
}

export interface SlotQueue {
  add(unit: Unit, slotMs: number): void;
  /** Units that have not started, taken out. */
  clear(): Unit[];
  readonly size: number;
}

export function openSlotQueue(
  clock: ServerClock,
  start: (unit: Unit, slotMs: number) => void,
  missed: (unit: Unit) => void,
): SlotQueue {
  let entries: Entry[] = [];
  let timer: NodeJS.Timeout | null = null;

  const run = (): void => {
    timer = null;
    let next = 0;
    for (; next < entries.length; next++) {
      const { unit, slotMs } = entries[next]!;
      if (clock.earliest() < slotMs) break;
      const unknownMs = Math.min(MOST_UNCERTAIN_MS, clock.uncertaintyMs);
      if (clock.stoodStill() || clock.latest() > slotMs + HEADROOM_MS + unknownMs) missed(unit);
      else start(unit, slotMs);
    }
    entries = entries.slice(next);
    schedule();
  };

  const schedule = (): void => {
    if (timer !== null || entries.length === 0) return;
    timer = setTimeout(run, Math.max(0, entries[0]!.slotMs - clock.earliest()));
  };

  return {
    add: (unit, slotMs) => {
      entries.push({ unit, slotMs });
      schedule();
    },
    clear: () => {
      const left = entries.map(({ unit }) => unit);
      entries = [];
      if (timer) clearTimeout(timer);
      timer = null;
      return left;
    },
    get size() {
      return entries.length;
    },
  };
}
