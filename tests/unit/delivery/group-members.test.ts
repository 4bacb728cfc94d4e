// Chunks of neighbours: nobody lost, nobody twice, halves kept apart.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { groupMembers, type Member } from '../../../pipelines/delivery/group-members.ts';

const member = (ordinal: number, chunkLimit: number | null, address = `a${ordinal}`): Member => ({
  ordinal,
  charged: 0,
  chunkLimit,
  address,
  parameters: [],
});

test('groups are a prefix of the members in order, within their limits, without an address twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ limit: fc.constantFrom(null, 1, 2, 4), address: fc.integer({ min: 0, max: 60 }) }), {
        maxLength: 80,
      }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 12 }),
      (drawn, chunkSize, most) => {
        const members = drawn.map(({ limit, address }, n) => member(n, limit, `a${address}`));
        const groups = groupMembers(members, chunkSize, most);
        expect(groups.length).toBeLessThanOrEqual(most);
        expect(groups.flat()).toEqual(members.slice(0, groups.flat().length));
        if (groups.length < most) expect(groups.flat().length).toBe(members.length);
        for (const group of groups) {
          expect(group.length).toBeLessThanOrEqual(Math.min(chunkSize, group[0]!.chunkLimit ?? chunkSize));
          expect(new Set(group.map(({ chunkLimit }) => chunkLimit)).size).toBe(1);
          expect(new Set(group.map(({ address }) => address)).size).toBe(group.length);
        }
      },
    ),
  );
});
