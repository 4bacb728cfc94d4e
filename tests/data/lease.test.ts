// lease_slots by itself: no second holds more slots than the rate, whoever asks how often for how many; shares are equal; pause,
// breaker and "too fast" are obeyed. Time passes by moving the stored times back, so nothing waits.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../adapters/postgres/database.ts';
import type { Database } from '../../ports/database.ts';
import { leaseSlots, leaseTerms, type Lease } from '../../pipelines/limiter/lease.ts';
import { deliverySql } from '../../pipelines/delivery/delivery-sql.ts';
import { ServerClock } from '../../pipelines/limiter/server-clock.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { addTestChannel } from '../import-harness.ts';

let database: TestDatabase;
let db: Database;
let budgets = 0;
beforeAll(async () => {
  database = await openTestDatabase();
  db = openDatabase({ url: database.databaseUrl, poolSize: 6 });
});
afterAll(async () => {
  await db?.end();
  await database?.drop();
});

interface Slot {
  broadcast: string;
  /** Milliseconds of a time that `pass` moves on. */
  at: number;
}

interface Budget {
  channel: string;
  broadcasts: string[];
  /** All that was granted, in the order of asking. */
  slots: Slot[];
  ask(broadcast: number, wanted: number, resolving?: boolean): Promise<Lease>;
  pass(ms: number): Promise<void>;
  /** Slots of a broadcast that are still to come. */
  ahead(broadcast: number): number;
}

async function openBudget(perSecond: number, broadcasts: number): Promise<Budget> {
  const channel = `budget-${++budgets}`;
  await addTestChannel(db, channel, 'line');
  const { rows } = await db.query<{ id: string }>(
    `insert into broadcasts (channel_id, message, options, endpoint, chunk_size, slice_size)
     select $1, '{}', '{}', 'push', 1, 1 from generate_series(1, $2::integer) returning id`,
    [channel, broadcasts],
  );
  const ids = rows.map(({ id }) => id);
  const clock = new ServerClock();
  const slots: Slot[] = [];
  let passed = 0;
  return {
    channel,
    broadcasts: ids,
    slots,
    ask: async (broadcast, wanted, resolving = false) => {
      const before = clock.earliest();
      // More at once where the database is far away, or this machine is busy.
      const { mostMs } = leaseTerms(clock.uncertaintyMs);
      const facts = { channel, endpoint: 'push', defaultRate: perSecond };
      const asker = { broadcastId: ids[broadcast]!, broadcastAttempt: 0 };
      const lease = await leaseSlots(db, facts, asker, wanted, clock, resolving);
      expect(lease.granted).toBeLessThanOrEqual(wanted);
      if (perSecond > 0) expect(lease.granted).toBeLessThanOrEqual(Math.max(1, (perSecond * mostMs) / 1000));
      if (lease.firstSlot !== null && lease.granted > 0) {
        expect(lease.firstSlot).toBeGreaterThan(before);
        expect(lease.firstSlot).toBeLessThanOrEqual(clock.latest() + 10_000);
        for (let n = 0; n < lease.granted; n++)
          slots.push({ broadcast: ids[broadcast]!, at: lease.firstSlot + n * lease.spacingMs + passed });
      }
      return lease;
    },
    ahead: (broadcast) =>
      slots.filter((slot) => slot.broadcast === ids[broadcast] && slot.at > clock.latest() + passed).length,
    pass: async (ms) => {
      passed += ms;
      const by = [channel, `${ms} ms`];
      await db.query(
        'update rate_limits set tat = tat - $2::interval, penalty_at = penalty_at - $2::interval where channel_id = $1',
        by,
      );
      await db.query(
        'update rate_shares set asked_at = asked_at - $2::interval, tat = tat - $2::interval where channel_id = $1',
        by,
      );
      await db.query('update channel_breakers set probe_at = probe_at - $2::interval where channel_id = $1', by);
    },
  };
}

/** In order, apart by no less than the rate allows, and so no second, wherever it begins, holds more of them. */
function checkSlots(slots: Slot[], perSecond: number): void {
  const times = slots.map(({ at }) => at);
  const gaps = times.slice(1).map((at, n) => at - times[n]!);
  // Times are kept to the microsecond, and read as floating point.
  expect(Math.min(Infinity, ...gaps)).toBeGreaterThan(1000 / perSecond);
  for (let last = 0, first = 0; last < times.length; last++) {
    while (times[first]! <= times[last]! - 1000) first++;
    if (last - first + 1 > Math.max(1, perSecond)) expect.fail(`${last - first + 1} slots in a second of ${perSecond}`);
  }
}

const rate = fc.constantFrom(0.5, 1, 3, 20, 80, 200, 1_000, 2_000);
const step = fc.record({
  broadcast: fc.integer({ min: 0, max: 2 }),
  wanted: fc.integer({ min: 1, max: 300 }),
  pass: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3_000 })),
});

test('no second holds more slots than the rate, whoever asks', async () => {
  await fc.assert(
    fc.asyncProperty(rate, fc.array(step, { minLength: 1, maxLength: 40 }), async (perSecond, steps) => {
      const budget = await openBudget(perSecond, 3);
      for (const { broadcast, wanted, pass } of steps) {
        if (pass > 0) await budget.pass(pass);
        const { granted, waitMs } = await budget.ask(broadcast, wanted);
        expect(granted > 0 || waitMs > 0).toBe(true);
      }
      checkSlots(budget.slots, perSecond);
    }),
    { numRuns: 60 },
  );
});

test('many who ask at once never get the same slot', async () => {
  const budget = await openBudget(500, 6);
  for (let round = 0; round < 20; round++)
    await Promise.all(budget.broadcasts.map((_, broadcast) => budget.ask(broadcast, 1 + ((round * 7) % 40))));
  budget.slots.sort((a, b) => a.at - b.at);
  expect(budget.slots.length).toBeGreaterThan(200);
  checkSlots(budget.slots, 500);
});

test('nothing is granted more than ten seconds ahead', async () => {
  const budget = await openBudget(1, 1);
  for (let n = 0; n < 30; n++) await budget.ask(0, 1);
  expect(budget.slots.length).toBeGreaterThanOrEqual(9);
  expect(budget.slots.length).toBeLessThanOrEqual(11);
  const lease = await budget.ask(0, 1);
  expect(lease.granted).toBe(0);
  expect(lease.waitMs).toBeGreaterThan(9_000);
});

test('a rate of 0 is no limit: all that is wanted, at once', async () => {
  const budget = await openBudget(0, 1);
  expect(await budget.ask(0, 300)).toMatchObject({ granted: 300, firstSlot: null, waitMs: 0 });
});

test.each(['pause', 'cancel', 'fail'] as const)('%s: nothing but what was sent before', async (control) => {
  const budget = await openBudget(100, 1);
  await db.query('update broadcasts set control = $2 where id = $1', [budget.broadcasts[0], control]);
  expect(await budget.ask(0, 5)).toMatchObject({ control, granted: 0 });
  expect(await budget.ask(0, 5, true)).toMatchObject({ control, granted: 5 });
});

test('a channel that is held up lets one probe through, and everything after a success', async () => {
  const budget = await openBudget(100, 2);
  await db.query(deliverySql.breaker_fault, [budget.channel, 'token', true, 5, null, false, 1, false]);
  const held = await budget.ask(0, 5);
  expect(held).toMatchObject({ granted: 0, probe: false, held: 'token', faults: 1 });
  expect(held.waitMs).toBeGreaterThan(0);
  await budget.pass(1_000);
  expect(await budget.ask(0, 5)).toMatchObject({ granted: 1, probe: true });
  expect(await budget.ask(1, 5)).toMatchObject({ granted: 0, probe: false });
  await db.query(deliverySql.breaker_success, [budget.channel, Date.now() + 60_000]);
  expect(await budget.ask(1, 5)).toMatchObject({ granted: 5, probe: false, held: null, faults: 0 });
});

test('faults that are not the token hold a channel up only in a row', async () => {
  const budget = await openBudget(100, 1);
  for (let fault = 1; fault < 5; fault++)
    await db.query(deliverySql.breaker_fault, [budget.channel, 'connect_refused', false, 5, null, false, 1, false]);
  expect(await budget.ask(0, 2)).toMatchObject({ granted: 2, held: null, faults: 4 });
  await db.query(deliverySql.breaker_fault, [budget.channel, 'connect_refused', false, 5, null, false, 1, false]);
  expect(await budget.ask(0, 2)).toMatchObject({ granted: 0, held: 'connect_refused' });
});

test('faults before a success do not count, also within one batch of answers', async () => {
  const budget = await openBudget(100, 1);
  const fault = (faults: number, afterSuccess: boolean) =>
    db.query(deliverySql.breaker_fault, [budget.channel, 'http_502', false, 5, null, false, faults, afterSuccess]);
  await fault(4, false);
  await fault(1, true);
  expect(await budget.ask(0, 2)).toMatchObject({ granted: 2, held: null, faults: 1 });
  await fault(5, true);
  expect(await budget.ask(0, 2)).toMatchObject({ granted: 0, held: 'http_502' });
});

test('a channel that a person has disabled grants nothing, also nothing to repeat, and says so', async () => {
  const budget = await openBudget(100, 1);
  await db.query('update channels set enabled = false where id = $1', [budget.channel]);
  for (const resolving of [false, true]) {
    const lease = await budget.ask(0, 5, resolving);
    expect(lease).toMatchObject({ granted: 0, held: 'disabled' });
    expect(lease.waitMs).toBeGreaterThan(10_000);
  }
  await db.query('update channels set enabled = true where id = $1', [budget.channel]);
  expect(await budget.ask(0, 5)).toMatchObject({ granted: 5, held: null });
});

test("a broadcast's own cap is below the channel's budget, and leaves the rest of it to others", async () => {
  const budget = await openBudget(100, 2);
  await db.query('update broadcasts set rate_cap = 10 where id = $1', [budget.broadcasts[0]]);
  for (let ms = 0; ms < 2_000; ms += 10) {
    await budget.ask(0, 50);
    if (budget.ahead(1) < 20) await budget.ask(1, 10);
    await budget.pass(10);
  }
  const times = budget.slots.map(({ at }) => at);
  const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
  const count = (broadcast: number) =>
    budget.slots.filter((slot) => slot.broadcast === budget.broadcasts[broadcast]).length;
  expect(count(0) / seconds).toBeGreaterThan(8.5);
  expect(count(0) / seconds).toBeLessThan(11);
  expect((count(0) + count(1)) / seconds).toBeGreaterThan(85);
});

test('where the channel has no limit, the cap alone spaces the slots', async () => {
  const budget = await openBudget(0, 1);
  await db.query('update broadcasts set rate_cap = 50 where id = $1', [budget.broadcasts[0]]);
  for (let ms = 0; ms < 3_000; ms += 20) {
    await budget.ask(0, 50);
    await budget.pass(20);
  }
  checkSlots(budget.slots, 50.001);
  expect(budget.slots.length).toBeGreaterThan(140);
});

test('"too fast" halves the rate for all after a pause of a second, and it recovers', async () => {
  const budget = await openBudget(100, 2);
  const usual = await budget.ask(0, 5);
  for (let answer = 0; answer < 3; answer++) await db.query(deliverySql.slow_down, [budget.channel, 'push', 1_000]);
  const slowed = await budget.ask(1, 5);
  expect(slowed.spacingMs / usual.spacingMs).toBeGreaterThan(1.8);
  // What is granted also follows how well the clock is known, a little.
  expect(slowed.spacingMs / usual.spacingMs).toBeLessThanOrEqual(2.02);
  expect(slowed.firstSlot! - usual.firstSlot!).toBeGreaterThan(900);
  await budget.pass(40_000);
  expect((await budget.ask(1, 5)).spacingMs / usual.spacingMs).toBeCloseTo(1, 1);
});

test('broadcasts get equal shares, however much each asks for, also one that comes later', async () => {
  const budget = await openBudget(200, 3);
  const wants = [256, 16, 8];
  // As permits bound it: nobody holds more slots than he has requests under way, a quarter second of the rate.
  const held = 50;
  const asks = async (broadcasts: number, rounds: number): Promise<number[]> => {
    const from = budget.slots.length;
    for (let round = 0; round < rounds; round++) {
      for (let broadcast = 0; broadcast < broadcasts; broadcast++) {
        const wanted = Math.min(wants[broadcast]!, held - budget.ahead(broadcast));
        if (wanted > 0) await budget.ask(broadcast, wanted);
      }
      await budget.pass(20);
    }
    const granted = budget.slots.slice(from);
    return budget.broadcasts.map((id) => granted.filter((slot) => slot.broadcast === id).length);
  };
  await asks(2, 100);
  const shares = await asks(3, 300);
  const equal = shares.reduce((sum, share) => sum + share, 0) / 3;
  expect(Math.min(...shares) / equal).toBeGreaterThan(0.8);
  expect(Math.max(...shares) / equal).toBeLessThan(1.2);
  checkSlots(budget.slots, 200);
});
