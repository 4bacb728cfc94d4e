// What a lease asks for, by how far away the database is.
import { expect, test } from 'vitest';
import { leaseTerms } from '../../../pipelines/limiter/lease.ts';

test.each([
  ['never heard of', Infinity, { share: 0.97, leadMs: 12, mostMs: 100 }],
  ['next door', 2, { share: 0.968, leadMs: 16, mostMs: 100 }],
  ['80 ms away', 80, { share: 0.9, leadMs: 172, mostMs: 320 }],
  // What is not known counts whole against the share; nobody waits for seconds because of it.
  ['beside a process that stood still', 2_000, { share: 0.33, leadMs: 1_012, mostMs: 2_000 }],
])('a database %s: share of the rate, lead, budget at once', (_where, uncertaintyMs, terms) => {
  const { share, ...rest } = leaseTerms(uncertaintyMs);
  expect(share).toBeCloseTo(terms.share, 2);
  expect(rest).toEqual({ leadMs: terms.leadMs, mostMs: terms.mostMs });
});
