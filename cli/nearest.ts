// The name that was probably meant, for one that is not there.

/** More changes than this, or than a third of the letters, and it is another word rather than a slip. */
const MOST_CHANGES = 3;

/** The nearest of `names`, by letters added, left out, changed or swapped; null when none is near. The first of equals. */
export function nearestOf(name: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.min(MOST_CHANGES, Math.max(1, Math.floor(name.length / 3))) + 1;
  for (const known of names) {
    const changes = changesBetween(name.toLowerCase(), known);
    if (changes < least) [best, least] = [known, changes];
  }
  return best;
}

function changesBetween(a: string, b: string): number {
  // Rows of the table of distances: the one before the last, the last, this one.
  let [older, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, older[j - 2]! + 1);
      row.push(least);
    }
    [older, last] = [last, row];
  }
  return last[b.length]!;
}
