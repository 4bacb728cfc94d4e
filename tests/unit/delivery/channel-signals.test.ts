// What a batch of answers says about the channel.
import { expect, test } from 'vitest';
import { faultsInARow } from '../../../pipelines/delivery/channel-signals.ts';
import type { Answered } from '../../../pipelines/delivery/ports.ts';

const at = (answeredMs: number, kind: 'taken' | 'fault' | 'refused') =>
  ({
    answeredMs,
    answer: {
      class: kind === 'taken' ? 'accepted' : 'retry_backoff',
      about: kind === 'fault' ? 'channel' : 'recipient',
    },
  }) as Answered;

test('faults count from the last success on, in the order of the answers', () => {
  expect(faultsInARow([at(1, 'fault'), at(2, 'fault'), at(3, 'fault')])).toEqual({ faults: 3, success: false });
  const batch = [...Array.from({ length: 99 }, (_, n) => at(n, 'taken')), ...[100, 101].map((ms) => at(ms, 'fault'))];
  expect(faultsInARow(batch)).toEqual({ faults: 2, success: true });
  expect(faultsInARow([at(5, 'taken'), at(1, 'fault'), at(2, 'fault'), at(3, 'fault'), at(4, 'fault')])).toEqual({
    faults: 0,
    success: true,
  });
  expect(faultsInARow([at(1, 'refused'), at(2, 'fault')])).toEqual({ faults: 1, success: false });
});
