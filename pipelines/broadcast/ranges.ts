// Walks a broadcast's ordinals in ranges, so that no transaction grows with the number of recipients.

/** Ordinals in one transaction. Lower: commits dominate; higher: locks last longer, and a crash repeats more. */
const RANGE = 50_000;

/** Calls `work` for [0, RANGE), [RANGE, 2·RANGE) … until `recipients` are covered, one after the other. */
export async function eachRange(
  recipients: number,
  signal: AbortSignal,
  work: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < recipients; from += RANGE) {
    signal.throwIfAborted();
    await work(from, Math.min(recipients, from + RANGE));
  }
}
