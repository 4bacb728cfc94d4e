// Imports, erasures and tag frequency under everything that can happen to them, in orders that seeds decide; each course is shrunk
// to its least when it fails. `npm run test:model RUNS SEED log`; course n of a call has the seed SEED + n - 1.
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { commands, type Command } from './log/commands.ts';
import { runCourse } from './log/course.ts';
import { openSharedLog, type SharedLog } from './log/shared.ts';
import type { Setting } from './log/shop.ts';
import { runCourses } from './run-courses.ts';
import type { Course } from './shrink.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 25);
// In `npm test` the same courses each time, so that a change is judged and not luck; `npm run test:model` draws new ones.
const SEED = Number(process.env['MODEL_SEED'] ?? 70_010);

let database: TestDatabase;
let shared: SharedLog;
beforeAll(async () => {
  database = await openTestDatabase();
  shared = await openSharedLog(database.databaseUrl);
});
afterAll(async () => {
  await shared.close();
  await database.drop();
});

const setting: fc.Arbitrary<Setting> = fc.record({
  people: fc.integer({ min: 4, max: 14 }),
  known: fc.integer({ min: 0, max: 10 }),
  sliceLines: fc.integer({ min: 1, max: 8 }),
  tagSliceLines: fc.integer({ min: 1, max: 6 }),
  unitRows: fc.constantFrom(3, 10, 1_000),
  prologue: fc.constantFrom(
    'nothing' as const,
    'racing' as const,
    'imported' as const,
    'answered' as const,
    'answered' as const,
  ),
  seed: fc.noShrink(fc.nat()),
});

const SIMPLER: Partial<Setting>[] = [
  { prologue: 'nothing' },
  { people: 4 },
  { known: 10 },
  { unitRows: 1_000 },
  { sliceLines: 8 },
];

/** The course of a seed, always the same. */
const courseOf = (seed: number): Course<Setting, Command> => {
  const [drawn] = fc.sample(fc.tuple(setting, commands), { seed, numRuns: 1, unbiased: true });
  return { setting: drawn![0], commands: drawn![1] };
};

test(`${RUNS} courses of imports and answers from seed ${SEED}`, { timeout: 7_200_000 }, async () => {
  const run = (given: Setting, course: Command[]) => runCourse(shared, given, course);
  await runCourses({ runs: RUNS, seed: SEED, courseOf, run, model: 'log', simpler: SIMPLER });
});
