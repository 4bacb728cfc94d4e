// Broadcasts under everything that can happen to them, in orders that seeds decide; each run is shrunk to its least course when it fails.
// `npm run test:model RUNS SEED`; run n of a call has the seed SEED + n - 1, so that it is repeated alone with `1 SEED`.
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { answers, commands, type Command } from './commands.ts';
import { runCourse } from './course.ts';
import { runCourses } from './run-courses.ts';
import type { Course } from './shrink.ts';
import { PROLOGUES } from './prologue.ts';
import { openSharedModel, type SharedModel } from './shared.ts';
import type { Setting } from './world.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 50);
// In `npm test` the same courses each time, so that a change is judged and not luck; `npm run test:model` draws new ones.
const SEED = Number(process.env['MODEL_SEED'] ?? 60_010);

let database: TestDatabase;
let shared: SharedModel;
beforeAll(async () => {
  database = await openTestDatabase();
  shared = await openSharedModel(database.databaseUrl);
});
afterAll(async () => {
  await shared.close();
  await database.drop();
});

const setting: fc.Arbitrary<Setting> = fc.record({
  prologue: fc.constantFrom(
    ...PROLOGUES,
    'matching' as const,
    'sending' as const,
    'sending' as const,
    'retried' as const,
  ),
  script: answers,
  repeats: answers,
  mode: fc.constantFrom(
    'multicast' as const,
    'phones' as const,
    'push' as const,
    'personal phones' as const,
    'members' as const,
  ),
  people: fc.integer({ min: 5, max: 40 }),
  known: fc.integer({ min: 0, max: 10 }),
  sliceSize: fc.integer({ min: 3, max: 10 }),
  chunkSize: fc.integer({ min: 2, max: 8 }),
  rate: fc.constantFrom(0, 0, 0, 50),
  inFlight: fc.constantFrom(0, 2, 5),
  onUncertain: fc.constantFrom('hold' as const, 'hold' as const, 'resend' as const),
  onUnclear: fc.constantFrom('retry' as const, 'hold' as const),
  maxAttempts: fc.integer({ min: 2, max: 5 }),
  settle: fc.constantFrom(0, 60),
  seed: fc.noShrink(fc.nat()),
});

const SIMPLER: Partial<Setting>[] = [
  { script: [] },
  { repeats: [] },
  { people: 5 },
  { people: 10 },
  { rate: 0 },
  { inFlight: 0 },
  { settle: 0 },
  { onUncertain: 'hold' },
  { known: 10 },
];

/** The course of a seed, always the same. */
const courseOf = (seed: number): Course<Setting, Command> => {
  const [drawn] = fc.sample(fc.tuple(setting, commands), { seed, numRuns: 1, unbiased: true });
  return { setting: drawn![0], commands: drawn![1] };
};

/** Each failed once, when the seeds meant something else, as its least course. */
const FAILED_ONCE: [what: string, course: Course<Setting, Command>][] = [
  [
    'a chunk that was taken out of its slot when the broadcast was stopped is asked about before it goes',
    {
      setting: {
        prologue: 'overtaken',
        script: ['ok', 'ok', 'parameter', 'forbidden', 'silent_taken', 'ok', 'slow ok'],
        repeats: [],
        mode: 'push',
        people: 35,
        known: 10,
        sliceSize: 10,
        chunkSize: 6,
        rate: 0,
        inFlight: 5,
        onUncertain: 'hold',
        onUnclear: 'hold',
        maxAttempts: 5,
        settle: 0,
        seed: 444033959,
      },
      commands: [
        { do: 'steps', n: 18, salt: 1843233095 },
        { do: 'plan', list: 0, start: true, again: false },
        { do: 'cap', which: 37, perSecond: 20 },
        { do: 'steps', n: 15, salt: 1828660955 },
      ],
    },
  ],
];

test.each(FAILED_ONCE)('%s', async (_what, course) => {
  await runCourse(shared, course.setting, course.commands);
});

test(`${RUNS} courses of broadcasts from seed ${SEED}`, { timeout: 3_600_000 }, async () => {
  const run = (given: Setting, course: Command[]) => runCourse(shared, given, course);
  await runCourses({ runs: RUNS, seed: SEED, courseOf, run, model: 'broadcast', simpler: SIMPLER });
});
