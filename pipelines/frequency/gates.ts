// What must hold before a result is published. Pure.
import type { FrequencyInput, ResolvedWindow } from '../../contracts/tag-frequency.ts';

export interface Gated {
  window: ResolvedWindow;
  rows: number;
  /** Epoch microseconds; null: no event. */
  newestUs: string | null;
  nulls: number;
  /** Of the result before, for the same window and channel; null: there is none. */
  before: { rows: number; asOf: string } | null;
}

export interface Refusal {
  window: string;
  gate: 'null_keys' | 'max_age' | 'max_fall';
  reason: string;
}

/** Why windows may not be published, one entry a window and gate; empty: all may. */
export function refusals(
  windows: readonly Gated[],
  asOfMs: number,
  { maxAgeHours, maxFall }: Pick<FrequencyInput, 'maxAgeHours' | 'maxFall'>,
): Refusal[] {
  const found: Refusal[] = [];
  for (const { window, rows, nulls, before } of windows) {
    if (nulls > 0)
      found.push({ window: window.name, gate: 'null_keys', reason: `${nulls} rows have no channel, social id or tag` });
    if (maxFall !== null && before !== null && rows < before.rows * (1 - maxFall))
      found.push({
        window: window.name,
        gate: 'max_fall',
        reason: `${rows} rows, ${percent(1 - rows / before.rows)} fewer than the ${before.rows} as of ${before.asOf}; allowed are ${percent(maxFall)}`,
      });
  }
  const age = maxAgeHours === null ? null : ageProblem(windows, asOfMs, maxAgeHours);
  if (age) found.push({ window: windows.map(({ window }) => window.name).join(', '), gate: 'max_age', reason: age });
  return found;
}

/** The newest event of all windows together: an old window has old events by right. */
function ageProblem(windows: readonly Gated[], asOfMs: number, maxAgeHours: number): string | null {
  const newest = windows.flatMap(({ newestUs }) => (newestUs === null ? [] : [Number(BigInt(newestUs) / 1000n)]));
  if (newest.length === 0) return 'there is no event at all';
  const hours = (asOfMs - Math.max(...newest)) / 3_600_000;
  return hours > maxAgeHours
    ? `the newest event is ${hours.toFixed(1)} hours older than the as-of; allowed are ${maxAgeHours}`
    : null;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1).replace(/\.0$/, '')} %`;
}
