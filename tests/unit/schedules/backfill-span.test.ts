// The span that a backfill computes again.
import { expect, test } from 'vitest';
import { zoneClock } from '../../../pipelines/values/time-zone.ts';
import { parseBackfill } from '../../../contracts/schedules.ts';

const nowMs = Date.parse('2024-03-10T00:00:00Z');
const zoned = (zone: string) => ({
  nowMs,
  midnight: (day: string) => zoneClock(zone).toEpochMs(Date.parse(`${day}T00:00:00Z`)),
});
const iso = ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
  [fromMs, toMs].map((ms) => new Date(ms).toISOString());

test('days are midnights of the zone, also where the clock is changed; instants are themselves', () => {
  expect(iso(parseBackfill('2024-03-01', '2024-03-04', zoned('Asia/Taipei')))).toEqual([
    '2024-02-29T16:00:00.000Z',
    '2024-03-03T16:00:00.000Z',
  ]);
  const summer = { ...zoned('America/New_York'), nowMs: Date.parse('2024-04-01T00:00:00Z') };
  expect(iso(parseBackfill('2024-03-10', '2024-03-11', summer))).toEqual([
    '2024-03-10T05:00:00.000Z',
    '2024-03-11T04:00:00.000Z',
  ]);
  expect(iso(parseBackfill('2024-03-01T02:00:00+08:00', '2024-03-01T00:00Z', zoned('Asia/Taipei')))).toEqual([
    '2024-02-29T18:00:00.000Z',
    '2024-03-01T00:00:00.000Z',
  ]);
});

test.each([
  ['2024-03-04', '2024-03-01', 'does not lie before'],
  ['2024-03-04', '2024-03-04', 'does not lie before'],
  ['2024-03-04', '2024-03-12', 'lies in the future'],
  ['yesterday', '2024-03-04', 'neither a day nor an instant'],
  ['2024-02-30', '2024-03-04', 'neither a day nor an instant'],
  ['2024-03-01', '2024-03-04T02:00:00', 'neither a day nor an instant'],
])('%s to %s is refused', (from, to, message) => {
  expect(() => parseBackfill(from, to, zoned('Asia/Taipei'))).toThrow(message);
});
