// How days of events are put into files: pure arithmetic of business days (`2024-03-05`), which compare as text.

/** Business days from ≤ day < to that lie in one set of files. */
export interface Unit {
  from: string;
  to: string;
}

export interface DayRows {
  day: string;
  rows: number;
}

/** Files to be written anew. */
export interface UnitWork {
  unit: Unit;
  /** Days that are taken from the log; all others of the unit are kept as the present files have them. */
  dirty: DayRows[];
  /** Present units whose files these replace. */
  replaces: Unit[];
  /** Rows of those files: what is read again beside the dirty days. */
  keeps: number;
}

/** A unit as it is there, with the rows of its files. */
export interface PresentUnit extends Unit {
  rows?: number;
}

/**
 * Days of a third of a month (from the 1st, the 11th, the 21st) lie in one set of files when all of it is older: events of a contact
 * are then beside each other, and fewer groups meet in memory. Too low: a late event rewrites ten days; too high: counting ninety
 * days opens hundreds of small files and takes a fifth longer.
 */
export const THIRD_AFTER_DAYS = 7;

/**
 * Months end up in one set of files when all of it is older. Too low: a late event rewrites a whole month; too high:
 * a year is hundreds of small files.
 */
export const MONTH_AFTER_DAYS = 60;

/** Rows a file holds at most. Too low: many small files; too high: parts of one day cannot be read side by side. */
export const ROWS_A_FILE = 1_000_000;

/**
 * Files that a unit of many rows is divided into at least, by contact. Counting takes a quarter of the contacts at a time, whose groups
 * lie closer together in memory, and reads only their files. Too low: counting waits for memory, and takes an eighth longer; too
 * high: small files, and no faster.
 */
export const LEAST_BUCKETS = 4;

/** When to divide. Numbers of rows; above them. */
export interface Division {
  /** In a unit, for its files. Too low: a small shop has four files a day; too high: days are read once for each quarter. */
  unitRows: number;
  /** In all files that are counted, for counting by quarters. Too low: small logs take a fifth longer; too high: large ones an eighth. */
  countedRows: number;
}

/** A log of 25,000 events a day lost by quarters, one of 83,000 a day gained, over 90 days; see docs/decisions/0015. */
export const DIVISION: Division = { unitRows: 50_000, countedRows: 5_000_000 };

/**
 * Rows that are worked on at a time: new ones, and those of the files that are written again. Too low: Postgres reads a month many
 * times over; too high: DuckDB has to spill.
 */
export const ROWS_A_BATCH = 4_000_000;

export function dayAfter(day: string, days = 1): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The unit that a day belongs to when nothing is there yet. `today`: the business day of the watermark. */
export function unitOf(day: string, today: string): Unit {
  const month = day.slice(0, 8);
  const next = `${dayAfter(`${month}01`, 31).slice(0, 8)}01`;
  if (dayAfter(next, MONTH_AFTER_DAYS) <= today) return { from: `${month}01`, to: next };
  const third = Math.min(2, Math.floor((Number(day.slice(8)) - 1) / 10));
  const to = third === 2 ? next : `${month}${third + 1}1`;
  if (dayAfter(to, THIRD_AFTER_DAYS) <= today) return { from: `${month}${third}1`, to };
  return { from: day, to: dayAfter(day) };
}

/** Of two units that hold the same day the one that holds the other: days lie in thirds, thirds in months. */
const larger = (one: Unit, other: Unit): Unit => (one.from < other.from || one.to > other.to ? one : other);

const spanOf = ({ from, to }: Unit): Unit => ({ from, to });

const holds = (unit: Unit, day: string): boolean => unit.from <= day && day < unit.to;

/**
 * What must be written so that the lake holds the dirty days as the log has them, and older days lie in thirds of months, then in
 * months. Present units never overlap; they are merged and never divided. In the order of days.
 */
export function planUnits(dirty: readonly DayRows[], present: readonly PresentUnit[], today: string): UnitWork[] {
  const works = new Map<string, UnitWork>();
  const workOn = (unit: Unit): UnitWork => {
    const known = works.get(unit.from);
    if (known) return known;
    const replaces = present.filter((old) => holds(unit, old.from));
    const work = { unit, dirty: [], replaces, keeps: replaces.reduce((sum, { rows = 0 }) => sum + rows, 0) };
    works.set(unit.from, work);
    return work;
  };
  for (const day of dirty) {
    const old = present.find((unit) => holds(unit, day.day));
    const unit = unitOf(day.day, today);
    // A unit of several days stays, even if the clock says that it is too young: dividing it would gain nothing.
    workOn(old ? spanOf(larger(old, unit)) : unit).dirty.push(day);
  }
  for (const old of present) {
    const unit = unitOf(old.from, today);
    if (larger(unit, old) === unit) workOn(unit);
  }
  return [...works.values()].sort((a, b) => (a.unit.from < b.unit.from ? -1 : 1));
}

/** Consecutive works that touch so many rows together; a larger one stands alone. */
export function batches(works: readonly UnitWork[], rows = ROWS_A_BATCH): UnitWork[][] {
  const all: UnitWork[][] = [];
  let left = 0;
  for (const work of works) {
    const mine = work.dirty.reduce((sum, day) => sum + day.rows, work.keeps);
    const batch = all.at(-1);
    if (batch && mine <= left) batch.push(work);
    else all.push([work]);
    left = (batch && mine <= left ? left : rows) - mine;
  }
  return all;
}

/** Spans of days that cover exactly the given ones: neighbours together. `gapsAreEmpty`: days not given have no events. */
export function spans(days: readonly string[], gapsAreEmpty: boolean): Unit[] {
  const found: Unit[] = [];
  for (const day of [...days].sort()) {
    const last = found.at(-1);
    if (last && (gapsAreEmpty || last.to === day)) last.to = dayAfter(day);
    else found.push({ from: day, to: dayAfter(day) });
  }
  return found;
}

/** Buckets a unit is divided into by contact id: a power of two, so that readers may pair them up. */
export function bucketsFor(rows: number, { unitRows }: Division): number {
  let buckets = rows > unitRows ? LEAST_BUCKETS : 1;
  while (rows > buckets * ROWS_A_FILE) buckets *= 2;
  return buckets;
}
