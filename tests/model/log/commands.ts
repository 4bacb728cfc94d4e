// What can happen in a course, as plain values that shrink well.
import fc from 'fast-check';
import { failing } from '../disturb.ts';

export type Command =
  | { do: 'import'; file: number; tags: 'add' | 'replace' | 'remove'; dryRun: boolean; again: boolean }
  /** `like`: an answer that was given before; null: a new question. */
  | { do: 'ask'; like: number | null; windows: number; daysAgo: number; channel: boolean; csv: boolean; parts: number }
  | { do: 'refresh'; anew: boolean }
  /** `before`: when a worker is about to do that, and before it does. */
  | { do: 'erase'; which: number; before: string | null }
  | { do: 'retract import' | 'retract event'; which: number }
  | { do: 'tag'; which: number; on: boolean; tag: number; daysAgo: number | null }
  | { do: 'steps'; n: number; salt: number }
  /** `before`: whichever worker is about to do that, within the next steps. */
  | { do: 'kill'; which: number; before: string | null; salt: number }
  | { do: 'freeze'; which: number; before: string | null; missed: boolean; salt: number }
  | { do: 'wake'; which: number; first: number }
  | { do: 'lose' | 'terminate'; which: number }
  | { do: 'failover' | 'unforeseen'; n: number }
  /** A file of a published result, or of the lake, is cut short on the disk. */
  | { do: 'damage'; which: number }
  | { do: 'time'; ms: number };

export const WINDOWS = [['7d', '30d'], ['90d'], ['month', 'day'], ['2027-01-01..2027-03-01', '7d']];

const HOUR = 3_600_000;
const which = fc.nat({ max: 60 });
const salt = fc.noShrink(fc.nat());
/** Moments at which dying or standing still matters most; null: any. */
const before = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'commit',
      'commit',
      'file frequency rename work, coming',
      'file frequency rename place, going',
      'file frequency rename coming, place',
      'file frequency rename coming, place',
      'file frequency remove',
      'file frequency write',
      'file frequency seal',
      'file frequency link',
      'file lake seal',
      'file lake remove',
      'publish',
      'scrubbed',
      'untouched',
      'forget_erased',
      'record_slice',
      'slice_create',
      'slice_apply',
      'copy',
    ),
  },
);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 16,
    arbitrary: fc.record({ do: fc.constant('steps' as const), n: fc.integer({ min: 1, max: 140 }), salt }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('import' as const),
      file: fc.nat({ max: 6 }),
      tags: fc.constantFrom('add' as const, 'add' as const, 'replace' as const, 'remove' as const),
      dryRun: fc.constantFrom(false, false, false, true),
      again: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      like: fc.option(fc.nat({ max: 10 }), { freq: 1 }),
      windows: fc.nat({ max: WINDOWS.length - 1 }),
      daysAgo: fc.constantFrom(0, 0, 1, 9),
      channel: fc.boolean(),
      csv: fc.boolean(),
      parts: fc.constantFrom(1, 1, 2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('refresh' as const), anew: fc.constantFrom(false, false, true) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('erase' as const),
      which,
      before: fc.constantFrom(null, null, null, 'slice_late', 'slice_late', 'slice_lock', 'publish', 'untouched'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('retract import' as const, 'retract event' as const), which }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('tag' as const),
      which,
      on: fc.constantFrom(true, true, false),
      tag: fc.nat({ max: 1 }),
      daysAgo: fc.option(fc.integer({ min: 0, max: 80 })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constant('kill' as const), which, before, salt }),
      fc.record({
        do: fc.constant('freeze' as const),
        which,
        before,
        missed: fc.constantFrom(true, true, false),
        salt,
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wake' as const), which, first: fc.integer({ min: 0, max: 12 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('lose' as const, 'lose' as const, 'terminate' as const), which }),
  },
  { weight: 2, arbitrary: failing },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('damage' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('time' as const),
      ms: fc.constantFrom(30_000, HOUR / 2, 2 * HOUR, 25 * HOUR, 200 * HOUR),
    }),
  },
);

export const commands = fc.array(command, { minLength: 12, maxLength: 40, size: 'max' });
