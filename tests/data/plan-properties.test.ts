// What must hold for any list: every line has one outcome, recipients are dense and addressed once, and any order of crash
// and resume ends as no crash would have ended. fast-check prints seed and path of a failure.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanResult } from '../../contracts/broadcast.ts';
import type { PlanRef } from '../../contracts/plan.ts';
import { Crash, crashingDatabase } from '../crashing-database.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { addContact, finishPlan, matchesByLine, openPlanWorld, recipientsOf, type PlanWorld } from '../plan-harness.ts';

const databases: TestDatabase[] = [];
let calm: PlanWorld;
let stormy: PlanWorld;
beforeAll(async () => {
  databases.push(await openTestDatabase(), await openTestDatabase());
  calm = await openPlanWorld(databases[0]!.databaseUrl);
  stormy = await openPlanWorld(databases[1]!.databaseUrl);
  // Small enough that a list of forty lines takes many blocks, transactions and chunks.
  Object.assign(stormy.deps, { listBlockBytes: 64, listTransactionBytes: 200, matchChunkLines: 7 });
  for (const world of [calm, stormy]) {
    await world.db.query("update channels set contact_quota = 9 where id = 'wa'");
    await addPeople(world);
  }
});
afterAll(async () => {
  await calm.close();
  await stormy.close();
  for (const database of databases) await database.drop();
});

/** A phone out of few, so that lists meet contacts, and lines each other. */
const phone = (n: number) => `+8869120000${String(n).padStart(2, '0')}`;

/** Ten contacts: some under two numbers, some sharing one, some not to be sent to. */
async function addPeople(world: PlanWorld): Promise<void> {
  for (let n = 0; n < 10; n++)
    await addContact(world.db, {
      channel: 'wa',
      socialId: n % 4 === 3 ? `TW.Abc${n}` : phone(n),
      phone: phone(n % 3 === 0 ? n + 10 : n),
      name: n % 5 === 0 ? '' : `客${n}`,
      subscribed: n !== 4,
      subscribedSince: `2020-01-${20 - n}`,
      ...(n === 7 ? { blockedAt: '2026-01-01' } : {}),
    });
  await addContact(world.db, { channel: 'wa', socialId: 'TW.Twin1', phone: phone(1), name: 'twin' });
}

const cell = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 24 }).map(phone) },
  fc.constantFrom('', ' ', '0912-000-003', '912000005', 'not a phone', '"0912 000 006"'),
);
const line = fc.tuple(cell, fc.constantFrom('A', '"x,y"', '', '王')).map(([key, value]) => `${key},${value}`);
const list = fc.array(fc.oneof({ weight: 9, arbitrary: line }, fc.constant('')), { maxLength: 40, size: 'max' });
const ambiguous = fc.constantFrom('latest' as const, 'all' as const, 'reject' as const);

let plans = 0;
/** What is planned, but for a message of its own each time: equal plans would be recognised. */
const input = (policy: 'latest' | 'all' | 'reject', n: number) => ({
  channel: 'wa',
  ambiguous: policy,
  message: { type: 'text', text: { body: `${n} {{code}} {{contact.phone}}` } },
});

async function invariants(world: PlanWorld, result: PlanResult, lines: string[]): Promise<void> {
  const filled = lines.filter((text) => text.replaceAll(',', '').trim() !== '');
  const judged = Object.values(result.outcomes).reduce((sum, count) => sum + count, 0);
  expect(judged).toBe(filled.length);
  expect(result.lines).toBe(filled.length);
  const { rows } = await world.db.query<Record<string, string>>(
    `select count(*) as recipients, count(distinct address) as addresses, (coalesce(max(ordinal), -1) + 1)::bigint as next,
       count(l.ordinal) as fates,
       count(*) filter (where exists (
         select from broadcast_lines o where o.broadcast_id = $1 and o.line = r.line and o.outcome in ('matched', 'created')
       )) as led_to,
       count(*) filter (where l.fate = 'planned') as planned
     from broadcast_recipients r left join broadcast_ledger l using (broadcast_id, ordinal) where broadcast_id = $1`,
    [result.broadcastId],
  );
  const n = String(result.recipients);
  expect(rows[0]).toMatchObject({ recipients: n, addresses: n, next: n, fates: n, led_to: n });
  expect(result.requests).toBe(Number(rows[0]!['planned']));
  const { rows: dangling } = await world.db.query(
    `select from broadcast_lines l where broadcast_id = $1 and (
       (outcome = 'duplicate' and not exists (
         select from broadcast_lines f where f.broadcast_id = $1 and f.line = l.duplicate_of and f.line < l.line
           and f.outcome <> 'duplicate'))
       or (outcome in ('matched', 'created')) <> (ordinal is not null))`,
    [result.broadcastId],
  );
  expect(dangling).toEqual([]);
}

test('every line has one outcome; recipients are dense, addressed once, each with a fate', async () => {
  await fc.assert(
    fc.asyncProperty(list, ambiguous, async (lines, policy) => {
      const csv = await calm.file(`${++plans}.csv`, `手機,code\n${lines.join('\n')}\n`);
      await invariants(calm, await calm.plan({ csv, ...input(policy, plans) }), lines);
    }),
    { numRuns: 60 },
  );
}, 120_000);

test('any order of crash and resume ends as no crash would', async () => {
  const faulty = crashingDatabase(stormy.db);
  stormy.deps.db = faulty;
  const storm = fc.array(fc.record({ countdown: fc.integer({ min: 0, max: 60 }), after: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(list, ambiguous, storm, async (lines, policy, crashes) => {
      const name = `${++plans}.csv`;
      const text = `手機,code\n${lines.join('\n')}\n`;
      const expected = await calm.plan({ csv: await calm.file(name, text), ...input(policy, plans) });
      const csv = await stormy.file(name, text);
      let result: PlanResult | null = null;
      const run = `run ${plans}`;
      for (const crash of [...crashes, { countdown: Number.POSITIVE_INFINITY, after: false }]) {
        faulty.revive(crash.countdown, crash.after);
        result = await attempt({ csv, ...input(policy, plans) }, run);
        if (result) break;
      }
      const { broadcastId: _id, linesFile: _file, recognised: _known, ...rest } = expected;
      expect(result).toMatchObject(rest);
      expect(await matchesByLine(stormy.db, result!.broadcastId)).toEqual(
        await matchesByLine(calm.db, expected.broadcastId),
      );
      expect(await recipientsOf(stormy.db, result!.broadcastId)).toEqual(
        await recipientsOf(calm.db, expected.broadcastId),
      );
      await invariants(stormy, result!, lines);
    }),
    { numRuns: 40 },
  );
  expect(faulty.crashes).toBeGreaterThan(20);
}, 240_000);

/** The plan under way, which later tries go on with: Temporal would remember its reference. */
let going: { run: string; ref: PlanRef } | null = null;

/** One try of all steps; null when it crashed. */
async function attempt(given: Parameters<PlanWorld['register']>[0], run: string): Promise<PlanResult | null> {
  try {
    if (going?.run !== run) going = { run, ref: await stormy.register(given, run) };
    return await finishUnfinished(going.ref);
  } catch (error) {
    if (error instanceof Crash) return null;
    throw error;
  }
}

/** As the workflow: a try of freeze whose answer was lost is repeated by itself, not from the beginning. */
async function finishUnfinished(ref: PlanRef): Promise<PlanResult> {
  try {
    return await finishPlan(stormy.deps, ref);
  } catch (error) {
    if ((error as { code?: string }).code !== 'plan_ended') throw error;
    const { freezePlan } = await import('../../pipelines/broadcast/plan-freeze.ts');
    return freezePlan(ref, stormy.deps);
  }
}
