// Requests start at their slots: never before, never more than the headroom late.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Unit } from '../../../pipelines/delivery/ports.ts';
import { openSlotQueue } from '../../../pipelines/delivery/slot-queue.ts';
import { ServerClock } from '../../../pipelines/limiter/server-clock.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const unit = (id: number) => ({ id }) as Unit;

/** The server is 1,000,000 ms ahead of the local clock. */
function world() {
  const begin = Date.now();
  const clock = new ServerClock(() => Date.now() - begin);
  clock.observe(1_000_000, 0, 0);
  const started: [number, number][] = [];
  const missed: number[] = [];
  const queue = openSlotQueue(
    clock,
    ({ id }) => started.push([id, Date.now() - begin]),
    ({ id }) => missed.push(id),
  );
  return { queue, started, missed };
}

test('each starts at its slot by the server clock', () => {
  const { queue, started, missed } = world();
  for (const n of [0, 1, 2, 3]) queue.add(unit(n), 1_000_000 + n * 20);
  vi.advanceTimersByTime(100);
  expect(started).toEqual([
    [0, 0],
    [1, 20],
    [2, 40],
    [3, 60],
  ]);
  expect(missed).toEqual([]);
});

test('a process that was frozen gives up the slots it slept through', () => {
  const { queue, started, missed } = world();
  for (const n of [0, 1, 2, 3]) queue.add(unit(n), 1_000_100 + n * 20);
  vi.setSystemTime(Date.now() + 35);
  vi.advanceTimersByTime(200);
  expect(missed).toEqual([0, 1]);
  expect(started.map(([id]) => id)).toEqual([2, 3]);
});

test('what has not started can be taken out', () => {
  const { queue, started } = world();
  queue.add(unit(0), 1_000_000);
  queue.add(unit(1), 1_000_050);
  vi.advanceTimersByTime(10);
  expect(queue.clear().map(({ id }) => id)).toEqual([1]);
  vi.advanceTimersByTime(100);
  expect(started.length).toBe(1);
});
