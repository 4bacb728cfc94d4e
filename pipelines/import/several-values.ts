// Cells that hold several values of a kind of which a contact has one: how many lines had such a cell, and where the first is.
// Counted while lines are staged; never says which values.

/** Kinds of cells of which the first usable value is taken. */
export type SeveralKind = 'phone' | 'email';

/** By kind: lines that held more than one, and the first of them. */
export type SeveralValues = Partial<Record<SeveralKind, { lines: number; line: number }>>;

const KINDS: Record<SeveralKind, string> = {
  phone: 'phone',
  email: 'e-mail',
};

/** Counts one line more. Changes `counted`. */
export function countSeveral(counted: SeveralValues, kinds: SeveralKind[], line: number): void {
  for (const kind of kinds) {
    const known = counted[kind];
    if (known === undefined) counted[kind] = { lines: 1, line };
    else known.lines += 1;
  }
}

/** Both together, where the lines of `later` stand behind those of `earlier`. Null: there are none. Pure. */
export function addSeveral(
  earlier: SeveralValues | null | undefined,
  later: SeveralValues | null | undefined,
): SeveralValues | null {
  const sum: SeveralValues = { ...earlier };
  for (const [kind, { lines, line }] of Object.entries(later ?? {}) as [SeveralKind, { lines: number; line: number }][])
    sum[kind] = { lines: lines + (sum[kind]?.lines ?? 0), line: sum[kind]?.line ?? line };
  return Object.keys(sum).length === 0 ? null : sum;
}

/** What a summary says of them, a sentence for each kind. */
export function severalWarnings(counted: SeveralValues | null | undefined): string[] {
  return (Object.keys(KINDS) as SeveralKind[]).flatMap((kind) => {
    const found = counted?.[kind];
    if (found === undefined) return [];
    const where = found.lines === 1 ? `line ${found.line}` : `the first of them line ${found.line}`;
    const which = kind === 'phone' ? ' (a mobile number, where there is one)' : '';
    return [
      `${found.lines} ${found.lines === 1 ? 'line' : 'lines'} held more than one ${KINDS[kind]}, ${where}: the first usable one was taken${which}, the others were left.`,
    ];
  });
}
