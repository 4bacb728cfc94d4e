// The database's clock, known from round trips: bounds always hold, whatever the network and the local clock do.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ServerClock } from '../../../pipelines/limiter/server-clock.ts';

test('the true time of the server lies between the bounds, which only get narrower', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e9, max: 2e12 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 })), {
        minLength: 1,
        maxLength: 40,
      }),
      (offset, trips) => {
        let local = 1_000;
        const clock = new ServerClock(() => local);
        let width = Infinity;
        for (const [there, back] of trips) {
          const asked = local;
          const said = asked + there + offset;
          local = asked + there + back;
          clock.observe(said, asked, local);
          const slack = 1e-3;
          expect(clock.earliest()).toBeLessThanOrEqual(local + offset + slack);
          expect(clock.latest()).toBeGreaterThanOrEqual(local + offset - slack);
          const now = clock.latest() - clock.earliest();
          expect(now).toBeLessThanOrEqual(width + slack);
          width = now;
        }
      },
    ),
  );
});

test('a server whose clock was set is believed at once', () => {
  let local = 0;
  const clock = new ServerClock(() => local);
  clock.observe(1_000, 0, 1);
  local = 10;
  clock.observe(5_000, 9, 10);
  expect(clock.earliest()).toBe(5_000);
  expect(clock.latest()).toBe(5_001);
});

test('a machine that was suspended is noticed, whatever the monotonic clock says, until the server is heard of again', () => {
  let local = 0;
  let wall = 1_000_000;
  const clock = new ServerClock(
    () => local,
    () => wall,
  );
  clock.observe(5_000, 0, 1);
  local += 60_000;
  wall += 60_500;
  expect(clock.stoodStill()).toBe(false);
  // A day passes, and only the wall clock knows.
  wall += 86_400_000;
  expect(clock.stoodStill()).toBe(true);
  clock.observe(86_465_500, local, local + 1);
  expect(clock.stoodStill()).toBe(false);
  expect(clock.earliest()).toBeGreaterThan(86_460_000);
});
