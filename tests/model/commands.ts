// What can happen in a run of the model, as plain values that shrink well.
import fc from 'fast-check';
import { RETRY_SCOPES, type RetryScope } from '../../contracts/broadcast.ts';
import { LINE_ANSWERS, WHATSAPP_ANSWERS } from './answers.ts';
import { failing } from './disturb.ts';

export type Command =
  | { do: 'plan'; list: number; start: boolean; again: boolean }
  | { do: 'start'; which: number; by: 'id' | 'digest'; again: boolean }
  | { do: 'retry'; which: number; scope: RetryScope }
  | { do: 'control'; which: number; want: 'pause' | 'run' | 'cancel' | 'give up' }
  | { do: 'cap'; which: number; perSecond: number | null }
  | { do: 'steps'; n: number; salt: number }
  /** `repeats`: for requests that have been there before. */
  | { do: 'answers'; names: string[]; repeats: boolean }
  | { do: 'release' }
  /** `before`: whichever worker is about to do that, within the next steps. */
  | { do: 'kill'; which: number; before: string | null; salt: number }
  /** `missed`: Temporal finds out at once, and begins its tries anew elsewhere. */
  | { do: 'freeze'; which: number; before: string | null; missed: boolean; salt: number }
  /** `before`: when another worker is about to do that. Then the woken one comes first for some steps. */
  | { do: 'wake'; which: number; before: string | null; first: number }
  | { do: 'lose' | 'abort' | 'terminate'; which: number }
  | { do: 'failover' | 'unforeseen'; n: number }
  | { do: 'time'; ms: number }
  | { do: 'person'; which: number; what: 'suppress' | 'unsubscribe' | 'block' | 'erase' | 'put in' };

const HOUR = 3_600_000;
const which = fc.nat({ max: 40 });
const salt = fc.noShrink(fc.nat());
/** Moments at which standing still, or dying, matters most; null: any. */
const before = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        'abandon_claims',
        'abandon_claims',
        'take_chunks',
        'take_chunks',
        'take_chunks',
        'give_up_chunks',
        'claim_singles',
        'pick_members',
        'seal_chunks',
        'commit',
      ],
      ...[
        'record_singles',
        'record_chunks',
        'repeat_chunk',
        'finish_slice',
        'resend_uncertain',
        'lease_slots',
        'give_back_unsent',
      ],
      ...[
        'reopen_recipients',
        'reopen_recipients',
        'reopen_slices',
        'create_contacts',
        'cancel_planned',
        'close_slices',
      ],
    ),
  },
);
const LOST = ['lost_taken', 'lost_untaken', 'silent_taken', 'silent_untaken', 'unsent'] as const;
const answerName = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 2, arbitrary: fc.constant('slow ') }),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('ok') },
      { weight: 4, arbitrary: fc.constantFrom(...LOST) },
      { weight: 6, arbitrary: fc.constantFrom(...names(false)) },
      { weight: 1, arbitrary: fc.constantFrom(...names(true)) },
    ),
  )
  .map(([slow, name]) => slow + name);
/** One after the other, or an outage: the same again and again. */
export const answers = fc.oneof(
  { weight: 2, arbitrary: fc.array(answerName, { minLength: 1, maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...LOST, ...names(false)), fc.integer({ min: 4, max: 24 }))
      .map(([name, n]) => Array.from({ length: n }, () => name)),
  },
);

function names(hopeless: boolean): string[] {
  const all = Object.entries({ ...LINE_ANSWERS, ...WHATSAPP_ANSWERS });
  return [...new Set(all.filter(([, kind]) => (kind.hopeless !== undefined) === hopeless).map(([name]) => name))];
}

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 16, arbitrary: fc.record({ do: fc.constant('steps' as const), n: fc.integer({ min: 1, max: 60 }), salt }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answers' as const), names: answers, repeats: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('plan' as const),
      list: fc.nat({ max: 1 }),
      start: fc.boolean(),
      again: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      which,
      by: fc.constantFrom('id' as const, 'digest' as const),
      again: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('retry' as const), which, scope: fc.constantFrom(...RETRY_SCOPES) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('control' as const),
      which,
      want: fc.constantFrom(...(['pause', 'pause', 'run', 'run', 'run', 'cancel', 'give up'] as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cap' as const), which, perSecond: fc.constantFrom(20, null) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
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
    arbitrary: fc.record({
      do: fc.constant('wake' as const),
      which,
      before: fc.constantFrom(
        null,
        'record_singles',
        'record_chunks',
        'claim_singles',
        'commit',
        'finish_slice',
        'lease_slots',
      ),
      first: fc.integer({ min: 0, max: 12 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('lose' as const, 'abort' as const, 'terminate' as const, 'terminate' as const),
      which,
    }),
  },
  { weight: 2, arbitrary: failing },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('time' as const),
      ms: fc.constantFrom(3_000, 30_000, HOUR / 2, 2 * HOUR, 25 * HOUR, 25 * HOUR),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('person' as const),
      which,
      what: fc.constantFrom(
        'suppress' as const,
        'unsubscribe' as const,
        'block' as const,
        'erase' as const,
        'put in' as const,
      ),
    }),
  },
);

export const commands = fc.array(command, { minLength: 10, maxLength: 45, size: 'max' });
