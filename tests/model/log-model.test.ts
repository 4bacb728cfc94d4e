// Imports, erasures and tag frequency under everything that can happen to them, in orders that seeds decide; each course is shrunk
// to its least when it fails. `npm run test:model RUNS SEED log`; course n of a call has the seed SEED + n - 1.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { commands, type Command } from './log/commands.ts';
import { runCourse } from './log/course.ts';
import { openSharedLog, type SharedLog } from './log/shared.ts';
import type { Setting } from './log/shop.ts';
import { describeCourse, shrink, type Course } from './shrink.ts';

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
  const failure = async ({ setting: given, commands: course }: Course<Setting, Command>): Promise<Error | null> => {
    try {
      await runCourse(shared, given, course);
      return null;
    } catch (error) {
      return error as Error;
    }
  };
  for (let run = 0; run < RUNS; run++) {
    const course = courseOf(SEED + run);
    const error = await failure(course);
    if (error === null) continue;
    if (process.env['MODEL_SURVEY']) {
      process.stderr.write(`seed ${SEED + run}: ${error.message.split('\n').slice(0, 3).join(' | ').slice(0, 300)}\n`);
      continue;
    }
    const least = await shrink(course, error, failure, SIMPLER);
    expect.fail(
      `course ${run + 1}, seed ${SEED + run}: again by npm run test:model 1 ${SEED + run} log\n${describeCourse(least.course)}\n` +
        String(least.error.stack ?? least.error),
    );
  }
});
