// Puts recipients together into chunks, in order. Pure.

export interface Member {
  ordinal: number;
  charged: number;
  /** How many may share its request, after a chunk with it was refused; null: as many as usual. */
  chunkLimit: number | null;
  address: string;
  parameters: string[];
}

/**
 * At most `most` groups of at most `chunkSize` neighbours, each with one limit and distinct addresses: members that were
 * halved do not mix with others, or the one that LINE refuses would spoil theirs too. What does not fit stays out.
 */
export function groupMembers(members: Member[], chunkSize: number, most: number): Member[][] {
  const groups: Member[][] = [];
  let open: { group: Member[]; limit: number | null; addresses: Set<string> } | null = null;
  for (const member of members) {
    const full = open !== null && open.group.length >= Math.min(chunkSize, open.limit ?? chunkSize);
    if (open === null || full || open.limit !== member.chunkLimit || open.addresses.has(member.address)) {
      if (groups.length === most) return groups;
      open = { group: [], limit: member.chunkLimit, addresses: new Set() };
      groups.push(open.group);
    }
    open.group.push(member);
    open.addresses.add(member.address);
  }
  return groups;
}
