import { expect, it } from 'vitest';
import { refusals, type Gated } from '../../../pipelines/frequency/gates.ts';

const AS_OF = Date.parse('2026-03-01T00:00:00Z');
const hoursBefore = (hours: number) => String(BigInt(AS_OF - hours * 3_600_000) * 1000n);
const window = (given: Partial<Gated>): Gated => ({
  window: { name: '7d', fromMs: 0, toMs: AS_OF },
  rows: 100,
  newestUs: hoursBefore(1),
  nulls: 0,
  before: { rows: 100, asOf: '2026-02-28T00:00:00.000Z' },
  ...given,
});
const gatesOf = (windows: Gated[], limits = { maxAgeHours: 24, maxFall: 0.1 }) =>
  refusals(windows, AS_OF, limits).map(({ gate }) => gate);

it('lets a healthy result through, on the limit too', () => {
  expect(gatesOf([window({ rows: 90, newestUs: hoursBefore(24) })])).toEqual([]);
});

it('refuses keys that are null, whatever the limits', () => {
  const open = { maxAgeHours: null, maxFall: null } as unknown as { maxAgeHours: number; maxFall: number };
  expect(gatesOf([window({ nulls: 1, rows: 0 })], open)).toEqual(['null_keys']);
});

it('refuses a fall, but not a first result', () => {
  expect(gatesOf([window({ rows: 89 })])).toEqual(['max_fall']);
  expect(gatesOf([window({ rows: 0, before: null })])).toEqual([]);
});

it('takes the newest event of all windows', () => {
  expect(gatesOf([window({ newestUs: hoursBefore(48) }), window({ newestUs: hoursBefore(2) })])).toEqual([]);
  expect(gatesOf([window({ newestUs: hoursBefore(25) })])).toEqual(['max_age']);
  expect(gatesOf([window({ newestUs: null })])).toEqual(['max_age']);
});
