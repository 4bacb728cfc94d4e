// IANA time zones: which names are valid, and local times to instants with the zone's own daylight saving rules.

const DAY_MS = 86_400_000;
// From here on a zone found without changes is treated as fixed. Earlier would lose Taipei and Hong Kong (DST until
// 1979).
const FIXED_FROM_MS = Date.UTC(1980, 0, 2);
const FIXED_TO_MS = Date.UTC(2038, 0, 1);
// Offsets are remembered by quarter hour, the finest step at which zones change. Lower than this many entries forgets
// offsets that the same file needs again; higher holds memory for nothing.
const REMEMBERED_OFFSETS = 20_000;
const QUARTER_HOUR_MS = 900_000;

/** Reads local times of one zone. */
export interface ZoneClock {
  /**
   * The instant (epoch ms) of a local time, given as the epoch ms it would have in UTC. A time that the clocks skip is
   * moved on by the skipped span; of a time that happens twice, the earlier is meant.
   */
  toEpochMs(localMs: number): number;
}

const clocks = new Map<string, ZoneClock>();

/**
 * The canonical name of an IANA zone (`asia/taipei` gives `Asia/Taipei`), or null. Bare offsets (`+08:00`) are no
 * zones.
 */
export function canonicalTimeZone(name: string): string | null {
  if (!/^[A-Za-z]/.test(name)) return null;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null; // RangeError is how Intl says "no such zone".
  }
}

/** The calendar day of an instant in a zone, `2024-03-05`. */
export function localDay(epochMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return format.format(epochMs);
}

/**
 * The instant (epoch ms) at which a day (`2024-03-05`) begins in a zone: its midnight; the first of two; where clocks skip midnight,
 * the first instant after. The one rule for days: Postgres and DuckDB would take the second, so they are given instants.
 */
export function startOfDay(day: string, timeZone: string): number {
  return zoneClock(timeZone).toEpochMs(Date.parse(`${day}T00:00:00Z`));
}

/**
 * The day that an instant lies in by `startOfDay`. It is `localDay`, but where clocks go from just after midnight back to the evening:
 * that evening's second hour belongs to the day that has begun.
 */
export function dayOf(epochMs: number, timeZone: string): string {
  const day = localDay(epochMs, timeZone);
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  return epochMs >= startOfDay(next, timeZone) ? next : day;
}

function offsetReader(timeZone: string): (epochMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const read = (epochMs: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(epochMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(epochMs / 1000) * 1000;
  };
  const remembered = new Map<number, number>();
  return (epochMs) => {
    const key = Math.floor(epochMs / QUARTER_HOUR_MS);
    let offset = remembered.get(key);
    if (offset === undefined) {
      if (remembered.size >= REMEMBERED_OFFSETS) remembered.clear();
      offset = read(key * QUARTER_HOUR_MS);
      remembered.set(key, offset);
    }
    return offset;
  };
}

/**
 * The one offset of a zone from 1980 to 2037, or null when it changes. Looks every ten days: no change has ever been
 * shorter.
 */
function fixedOffset(offsetAt: (epochMs: number) => number): number | null {
  const offset = offsetAt(FIXED_FROM_MS);
  for (let at = FIXED_FROM_MS; at < FIXED_TO_MS; at += 10 * DAY_MS) if (offsetAt(at) !== offset) return null;
  return offset;
}

/** The clock of a zone, made once a thread. Throws RangeError for a name that `canonicalTimeZone` does not know. */
export function zoneClock(timeZone: string): ZoneClock {
  const known = clocks.get(timeZone);
  if (known) return known;
  const offsetAt = offsetReader(timeZone);
  const fixed = fixedOffset(offsetAt);
  const byRule = (localMs: number): number => {
    const before = offsetAt(localMs - DAY_MS);
    if (offsetAt(localMs - before) === before) return localMs - before;
    const after = offsetAt(localMs + DAY_MS);
    return offsetAt(localMs - after) === after ? localMs - after : localMs - before;
  };
  const clock: ZoneClock = {
    toEpochMs:
      fixed === null
        ? byRule
        : (localMs) => (localMs >= FIXED_FROM_MS + DAY_MS && localMs < FIXED_TO_MS ? localMs - fixed : byRule(localMs)),
  };
  clocks.set(timeZone, clock);
  return clock;
}
