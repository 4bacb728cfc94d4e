// Property: whatever happened to the log, DuckDB's tag frequency is that of plain SQL, for any question about any time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { contactFrequency } from '../../pipelines/frequency/contact-frequency.ts';
import { instantUs, isoOfUs } from '../../pipelines/frequency/windows.ts';
import { refreshLake } from '../../pipelines/lake/refresh.ts';
import { verifyLake } from '../../pipelines/lake/verify.ts';
import { frequencyOn, plainFrequency, resultLines, runFrequency, type TestFrequency } from '../frequency-harness.ts';
import { TEST_KEY } from '../import-harness.ts';
import { addContacts, addEvents, control, openTestLake, retract, type GivenEvent } from '../lake-world.ts';

const CONTACTS = 12;
const DAY_MS = 86_400_000;
/** Some lie in months, some in thirds of months, some by themselves. Midnights and their neighbours come from the fractions. */
const DAYS = [140, 118, 75, 40, 39, 7, 6, 1, 0];
const FRACTIONS = [0, 1, DAY_MS / 3, DAY_MS / 3 - 1, DAY_MS / 2 + 17];
const TAGS = ['VIP', 'a,b', '“引用” "q"', '🎉', 'line\nbreak'];
/** Mostly the one that questions are asked in: another writes all files anew. */
const ZONES = ['Asia/Taipei', 'Asia/Taipei', 'Asia/Taipei', 'UTC', 'America/New_York', 'Asia/Kathmandu'];

const event = fc.record({
  contact: fc.integer({ min: 1, max: CONTACTS }),
  tag: fc.constantFrom(...TAGS),
  day: fc.constantFrom(...DAYS),
  fraction: fc.constantFrom(...FRACTIONS),
  kind: fc.constantFrom<GivenEvent['kind']>('applied', 'applied', 'applied', 'removed', 'expired'),
  copies: fc.integer({ min: 1, max: 3 }),
});
const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('add' as const),
      events: fc.array(event, { minLength: 1, maxLength: 15 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('retract' as const), every: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('erase' as const), contact: fc.integer({ min: 1, max: CONTACTS }) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('refresh' as const), zone: fc.constantFrom(...ZONES) }) },
);
const question = fc.record({
  windows: fc.uniqueArray(
    fc.constantFrom('1d', '7d', '30d', '120d', 'day', 'week', 'month', 'month-to-date', '2020-01-01..2099-01-01'),
    { minLength: 1, maxLength: 5 },
  ),
  asOfDay: fc.constantFrom(...DAYS, 0, 0, 0),
  asOfFraction: fc.constantFrom(...FRACTIONS),
  // Among the instants between the operations, in thousandths of them (not a double: most of those are next to nothing); null: now.
  knownAt: fc.option(fc.integer({ min: 0, max: 1_000 }), { freq: 3 }),
  fanOut: fc.constantFrom(null, 2, 8),
  channel: fc.constantFrom(null, 'line-a', 'line-b'),
});

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Local midnight of today in Taipei: events and windows meet on its edges. */
const MIDNIGHT = Math.floor((Date.now() + 8 * 3_600_000) / DAY_MS) * DAY_MS - 8 * 3_600_000;
const at = (day: number, fraction: number): number => Math.min(Date.now(), MIDNIGHT - day * DAY_MS + fraction);

async function apply(world: TestFrequency, step: Operation): Promise<void> {
  switch (step.does) {
    case 'add': {
      const there = await world.db.query<{ id: string }>('select id from contacts');
      const ids = new Set(there.rows.map(({ id }) => Number(id)));
      const events = step.events
        .filter(({ contact }) => ids.has(contact))
        .flatMap(({ copies, day, fraction, ...rest }) =>
          Array.from({ length: copies }, () => ({ ...rest, at: new Date(at(day, fraction)).toISOString() })),
        );
      await addEvents(world.db, events as GivenEvent[]);
      return;
    }
    case 'retract': {
      const { rows } = await world.db.query<{ id: string }>(
        `select id from tag_events e where kind <> 'retracted' and id % $1 = 0
           and not exists (select from tag_events r where r.retracts = e.id)`,
        [step.every],
      );
      return retract(
        world.db,
        rows.map(({ id }) => id),
      );
    }
    case 'erase': {
      const { rows } = await world.db.query('select 1 from contacts where id = $1', [step.contact]);
      if (rows.length > 0) await eraseContact(world.db, TEST_KEY, String(step.contact), false);
      return;
    }
    case 'refresh':
      await refreshLake({ ...world, timeZone: step.zone }, false, control);
  }
}

async function now(world: TestFrequency): Promise<bigint> {
  const { rows } = await world.db.query<{ us: string }>('select epoch_us(clock_timestamp()) as us');
  return BigInt(rows[0]!.us);
}

test('any question about any log', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 3, maxLength: 10 }),
      fc.array(question, { minLength: 3, maxLength: 4 }),
      // All days lie in one file each, some in four, or all; they are counted at once or by quarters.
      fc.record({ unitRows: fc.constantFrom(1_000, 4, 0), countedRows: fc.constantFrom(1_000, 0, 0) }),
      async (operations, questions, division) => {
        const world = frequencyOn(await openTestLake({ division }));
        try {
          await addContacts(world.db, CONTACTS / 2, ['line-a', 'line-b']);
          const instants = [await now(world)];
          for (const step of operations) {
            await apply(world, step);
            instants.push(await now(world));
          }
          for (const asked of questions) await compare(world, asked, instants);
          expect((await verifyLake(world, control)).problems).toEqual([]);
        } finally {
          await world.lake.close();
        }
      },
    ),
    { numRuns: 25 },
  );
});

async function compare(
  world: TestFrequency,
  asked: typeof question extends fc.Arbitrary<infer T> ? T : never,
  instants: bigint[],
): Promise<void> {
  const askedUs =
    asked.knownAt === null ? null : instants[Math.round((asked.knownAt / 1_000) * (instants.length - 1))]!;
  const knownAt = askedUs === null ? null : isoOfUs(askedUs);
  const { windows, fanOut, channel } = asked;
  const asOf = new Date(at(asked.asOfDay, asked.asOfFraction)).toISOString();
  const result = await runFrequency(world, { windows, fanOut, channel, asOf, knownAt });
  const us = instantUs(result.knownAt);
  if (askedUs !== null) expect(us).toBe(askedUs);
  for (const { from, to, folder, rows, checksum } of result.windows) {
    const plain = await plainFrequency(world.db, { from, to, knownAtUs: String(us), channel });
    const lines = await resultLines(world, folder);
    expect(lines).toEqual(plain.lines);
    expect({ rows, checksum }).toEqual({ rows: lines.length, checksum: plain.checksum });
    const someone = lines[0]?.split(' ')[1];
    if (someone === undefined) continue;
    const span = { fromUs: instantUs(from), toUs: instantUs(to), knownAtUs: us };
    const single = await contactFrequency(world.db, someone, span);
    const mine = lines.filter((line) => line.split(' ')[1] === someone);
    expect(
      single
        .map((row) =>
          [
            row.channelId,
            row.contactId,
            row.socialId,
            row.tag,
            row.times,
            instantUs(row.firstAt),
            instantUs(row.lastAt),
          ].join(' '),
        )
        .sort(),
    ).toEqual(mine);
  }
}
