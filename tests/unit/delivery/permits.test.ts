// Permits bound what a worker has under way.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InFlight, inFlightLimit } from '../../../pipelines/delivery/in-flight.ts';
import { Permits } from '../../../pipelines/delivery/permits.ts';

const never = new AbortController().signal;

test('never more out than there are, first come first served', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }),
      async (limit, wishes) => {
        const permits = new Permits(limit);
        let out = 0;
        let most = 0;
        const served: number[] = [];
        await Promise.all(
          wishes.map(async (wish, index) => {
            const taken = await permits.take(wish, never);
            served.push(index);
            expect(taken).toBeGreaterThan(0);
            expect(taken).toBeLessThanOrEqual(wish);
            out += taken;
            most = Math.max(most, out);
            await Promise.resolve();
            out -= taken;
            permits.give(taken);
          }),
        );
        expect(most).toBeLessThanOrEqual(limit);
        expect(permits.free).toBe(limit);
        expect(served).toEqual([...served].sort((a, b) => a - b));
      },
    ),
  );
});

test('an abort ends the wait with nothing, and leaves the queue in order', async () => {
  const permits = new Permits(1);
  await permits.take(1, never);
  const stop = new AbortController();
  const aborted = permits.take(1, stop.signal);
  const waiting = permits.take(1, never);
  stop.abort();
  expect(await aborted).toBe(0);
  permits.give(1);
  expect(await waiting).toBe(1);
});

test('a lowered limit takes effect as permits come back', async () => {
  const permits = new Permits(4);
  await permits.take(4, never);
  permits.resize(2);
  permits.give(2);
  expect(permits.free).toBe(0);
  permits.give(2);
  expect(permits.free).toBe(2);
});

test('what may be on the wire bounds what is claimed, until its answer comes', async () => {
  const permits = new Permits(10, 4);
  expect(await permits.take(8, never)).toBe(4);
  expect(permits.free).toBe(0);
  permits.landed(3);
  expect(permits.free).toBe(3);
  expect(await permits.take(8, never)).toBe(3);
  permits.landed(4);
  expect(await permits.take(8, never)).toBe(3);
  // Ten are claimed: neither wire nor answers help before something is on record.
  permits.landed(3);
  expect(permits.free).toBe(0);
  permits.give(10, 10);
  expect(permits.free).toBe(4);
});

test('freed connections are claimed for together; what stays free for a while, a few at a time', async () => {
  let now = 0;
  const permits = new Permits(512, 8, () => now);
  expect(await permits.take(8, never)).toBe(8);
  const taken: number[] = [];
  const waiting = [permits.take(3, never), permits.take(8, never)].map((one) => one.then((n) => taken.push(n)));
  permits.landed(3);
  await Promise.resolve();
  expect(taken).toEqual([]);
  permits.landed(1);
  await Promise.all(waiting.slice(0, 1));
  expect(taken).toEqual([3]);
  // One is free since then; the next answer comes after a while, and finds it so.
  now = 25;
  permits.landed(1);
  await Promise.all(waiting);
  expect(taken).toEqual([3, 2]);
});

test('a waiter is not left waiting beside connections that hang', async () => {
  const permits = new Permits(512, 8);
  await permits.take(8, never);
  const waiting = permits.take(8, never);
  permits.landed(1);
  expect(await waiting).toBe(1);
});

test('as many in flight as the rate needs at the latency, at least 16, at most 512', () => {
  expect([0, 1, 80, 1_000, 2_000, 10_000].map((rate) => inFlightLimit(rate))).toEqual([512, 16, 20, 250, 500, 512]);
  expect([50, 200, 400, 700, 10_000].map((p95) => inFlightLimit(80, p95))).toEqual([16, 16, 32, 56, 512]);
});

test('the bound follows the measured latency, and a number that a person has set stays', () => {
  const following = new InFlight(80, 0, 64);
  expect(following.permits.limit).toBe(20);
  for (let n = 0; n < 256; n++) following.note(700);
  expect(following.permits.limit).toBe(56);
  for (let n = 0; n < 256; n++) following.note(n % 20 === 0 ? 5_000 : 100);
  expect(following.permits.limit).toBe(400);
  for (let n = 0; n < 256; n++) following.note(n % 100 === 0 ? 5_000 : 100);
  expect(following.permits.limit).toBe(16);
  following.setRate(1_000);
  expect(following.permits.limit).toBe(100);
  const fixed = new InFlight(80, 7, 64);
  for (let n = 0; n < 256; n++) fixed.note(5_000);
  expect(fixed.permits.limit).toBe(7);
});
