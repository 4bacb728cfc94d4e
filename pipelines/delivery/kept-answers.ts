// The word about answers that the database refuses and that are kept: once a minute, and without the values it may quote.

/** Between two words. Lower: a log of nothing else; higher: nobody notices. */
const WARN_EVERY_MS = 60_000;

/** Calls `warn` at most once a minute of `now`. */
export function keptAnswers(
  broadcastId: string,
  warn: (text: string) => void,
  now: () => number,
): (error: unknown) => void {
  let warnedMs = -Infinity;
  return (error) => {
    if (now() - warnedMs < WARN_EVERY_MS) return;
    warnedMs = now();
    const { code } = (error ?? {}) as { code?: unknown };
    const name = error instanceof Error ? error.name : 'unknown';
    const what = typeof code === 'string' ? `SQLSTATE ${code}` : name;
    warn(`An answer of broadcast ${broadcastId} is refused by the database and kept (${what}); it is tried again.`);
  };
}
