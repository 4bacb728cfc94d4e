// Makes a course that fails as short as it can be had in a moment: parts of it are left out, and what still fails is kept.

export interface Course<S, C> {
  setting: S;
  commands: C[];
}

/** Courses that are tried for it. More: a failure takes minutes to be shown; fewer: it is shown with much that does not matter. */
const MOST_TRIES = Number(process.env['MODEL_SHRINKS'] ?? 120);

export async function shrink<S, C>(
  course: Course<S, C>,
  error: Error,
  failure: (course: Course<S, C>) => Promise<Error | null>,
  simpler: Partial<S>[],
): Promise<{ course: Course<S, C>; error: Error }> {
  let least = { course, error };
  let tries = 0;
  const attempt = async (candidate: Course<S, C>): Promise<boolean> => {
    if (tries >= MOST_TRIES) return false;
    tries += 1;
    const found = await failure(candidate);
    if (found === null || complaint(found) !== complaint(error)) return false;
    least = { course: candidate, error: found };
    return true;
  };
  for (let size = Math.ceil(course.commands.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < least.course.commands.length;) {
      const { commands, setting } = least.course;
      const without = [...commands.slice(0, from), ...commands.slice(from + size)];
      if (!(await attempt({ setting, commands: without }))) from += size;
    }
  for (const some of simpler) await attempt({ ...least.course, setting: { ...least.course.setting, ...some } });
  return least;
}

/** What is wrong, without the numbers and names of this one course. */
function complaint({ message }: Error): string {
  const said = message.split('\n').find((line) => /^ {2}\d+: /.test(line)) ?? message.split('\n')[0]!;
  return said.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[^a-z ]|\bslice\b/gi, '');
}

export function describeCourse({ setting, commands }: Course<unknown, unknown>): string {
  return [setting, ...commands].map((one) => JSON.stringify(one)).join('\n');
}
