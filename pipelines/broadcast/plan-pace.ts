// How fast a plan can go out: its slices, its requests, and about how long it takes beside others. Pure arithmetic.

/** Percent of the rate that the limiter grants at the least. */
const USED_PERCENT = 97;

/** Ends of a slice's size. Smaller: workflow events dominate; larger: a crash or a pause holds more back. */
const LEAST_SLICE = 200;
const MOST_SLICE = 5_000;

/** A slice of single requests should take about this many seconds when four of them share the rate. */
const SLICE_SECONDS = 30;
const SLICES_AT_ONCE = 4;

/** Recipients in a slice. Chunked modes and unlimited ones take the largest. */
export function sliceSize(chunkSize: number, rate: number): number {
  if (chunkSize > 1 || rate === 0) return MOST_SLICE;
  return Math.min(MOST_SLICE, Math.max(LEAST_SLICE, Math.floor((rate * SLICE_SECONDS) / SLICES_AT_ONCE)));
}

/**
 * Seconds until the last of `requests` is out, when each other broadcast on the same budget takes an equal share until its
 * own remaining requests are out; null: no limit.
 */
export function etaSeconds(requests: number, rate: number, othersRemaining: number[]): number | null {
  if (rate === 0) return null;
  const shared = othersRemaining.reduce((sum, remaining) => sum + Math.min(remaining, requests), 0);
  return Math.ceil(((requests + shared) * 100) / (USED_PERCENT * rate));
}
