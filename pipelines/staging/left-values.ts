// Lines of which a cell held more than was taken: how many, and the first of them. Counted while lines are staged; never says which
// values.

/** What was left: further phones or e-mails of a cell, or attributes that nobody defined. */
export type LeftKind = 'phone' | 'email' | 'attribute';

/** By kind: lines, and the first of them. */
export type LeftValues = Partial<Record<LeftKind, { lines: number; line: number }>>;

const HELD: Record<LeftKind, string> = {
  phone: 'held more than one phone',
  email: 'held more than one e-mail',
  attribute: 'named an attribute that is not defined',
};

const TAKEN: Record<LeftKind, string> = {
  phone: 'the first usable one was taken (a mobile number, where there is one), the others were left',
  email: 'the first usable one was taken, the others were left',
  attribute: 'it was left out. --create-attributes makes those that the first 256 KiB of the file name',
};

/** Counts one line more. Changes `counted`. */
export function countLeft(counted: LeftValues, kinds: LeftKind[], line: number): void {
  for (const kind of new Set(kinds)) {
    const known = counted[kind];
    if (known === undefined) counted[kind] = { lines: 1, line };
    else known.lines += 1;
  }
}

/** Both together, where the lines of `later` stand behind those of `earlier`. Null: there are none. Pure. */
export function addLeft(
  earlier: LeftValues | null | undefined,
  later: LeftValues | null | undefined,
): LeftValues | null {
  const sum: LeftValues = { ...earlier };
  for (const [kind, { lines, line }] of Object.entries(later ?? {}) as [LeftKind, { lines: number; line: number }][])
    sum[kind] = { lines: lines + (sum[kind]?.lines ?? 0), line: sum[kind]?.line ?? line };
  return Object.keys(sum).length === 0 ? null : sum;
}

/** What a summary says of them, a sentence for each kind. */
export function leftWarnings(counted: LeftValues | null | undefined): string[] {
  return (Object.keys(HELD) as LeftKind[]).flatMap((kind) => {
    const found = counted?.[kind];
    if (found === undefined) return [];
    const where = found.lines === 1 ? `line ${found.line}` : `the first of them line ${found.line}`;
    return [`${found.lines} ${found.lines === 1 ? 'line' : 'lines'} ${HELD[kind]}, ${where}: ${TAKEN[kind]}.`];
  });
}
