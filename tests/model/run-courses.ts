// Runs the courses of seeds one after the other; the first that fails is made as short as it can be, and said.
import { expect } from 'vitest';
import { describeCourse, shrink, type Course } from './shrink.ts';

export interface Courses<S, C> {
  runs: number;
  /** Of the first course. */
  seed: number;
  courseOf: (seed: number) => Course<S, C>;
  run: (setting: S, commands: C[]) => Promise<void>;
  /** The model, as `npm run test:model` calls it. */
  model: string;
  /** Settings that are easier to think about. */
  simpler: Partial<S>[];
}

/** With MODEL_SURVEY set it says which seeds fail, and goes on. */
export async function runCourses<S, C>({ runs, seed, courseOf, run, model, simpler }: Courses<S, C>): Promise<void> {
  const failure = async ({ setting, commands }: Course<S, C>): Promise<Error | null> => {
    try {
      await run(setting, commands);
      return null;
    } catch (error) {
      return error as Error;
    }
  };
  for (let n = 0; n < runs; n++) {
    // A long run says how far it is: it may have to be stopped.
    if (runs > 100 && n > 0 && n % 25 === 0) process.stderr.write(`${n} courses from seed ${seed} are done\n`);
    const course = courseOf(seed + n);
    const error = await failure(course);
    if (error === null) continue;
    if (process.env['MODEL_SURVEY']) {
      process.stderr.write(`seed ${seed + n}: ${error.message.split('\n').slice(0, 3).join(' | ').slice(0, 300)}\n`);
      continue;
    }
    const least = await shrink(course, error, failure, simpler);
    expect.fail(
      `course ${n + 1}, seed ${seed + n}: again by npm run test:model 1 ${seed + n} ${model}\n${describeCourse(least.course)}\n` +
        String(least.error.stack ?? least.error),
    );
  }
}
