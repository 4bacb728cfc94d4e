// Rate, slices and the time a plan takes; its canonical JSON, and what of an address is shown.
import { expect, it } from 'vitest';
import { canonicalJson, combineDigest } from '../../../pipelines/broadcast/plan-digest.ts';
import { etaSeconds, sliceSize } from '../../../pipelines/broadcast/plan-pace.ts';
import { rateOf } from '../../../pipelines/channels/channel-store.ts';
import { maskAddress } from '../../../pipelines/broadcast/plan-samples.ts';
import { planStepNumber, planStepOf } from '../../../contracts/plan.ts';

it('the rate is the endpoint’s, else that of all, else the provider’s', () => {
  expect(rateOf({ rates: {} }, 'push')).toBe(2_000);
  expect(rateOf({ rates: { '*': 5 } }, 'push')).toBe(5);
  expect(rateOf({ rates: { '*': 5, push: 7, multicast: 9 } }, 'push')).toBe(7);
  expect(rateOf({ rates: { push: 0 } }, 'push')).toBe(0);
});

it('slices take about thirty seconds, within their ends', () => {
  expect([1, 26, 27, 80, 600, 666, 667, 2_000, 0].map((rate) => sliceSize(1, rate))).toEqual([
    200, 200, 202, 600, 4_500, 4_995, 5_000, 5_000, 5_000,
  ]);
  expect(sliceSize(500, 1)).toBe(5_000);
});

it('others on the same budget take an equal share until they are done', () => {
  expect(etaSeconds(97, 1, [])).toBe(100);
  expect(etaSeconds(97, 1, [97])).toBe(200);
  expect(etaSeconds(97, 1, [1_000_000, 97])).toBe(300);
  expect(etaSeconds(970, 10, [97])).toBe(110);
  expect(etaSeconds(0, 10, [97])).toBe(0);
  expect(etaSeconds(1, 0, [5])).toBeNull();
});

it('equal values have one canonical text', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'ü"' }], a: undefined, A: true })).toBe(
    '{"A":true,"b":[1,{"c":"ü\\"","d":null}]}',
  );
  const options = { matchBy: 'phone', country: 'TW' };
  const plan = (message: Record<string, unknown>, given: object = options, parameterNames: string[] = []) =>
    combineDigest({ channelId: 'line', message, options: given as never, recipients: 1, parameterNames }, ['ab']);
  const { digest, before } = plan({ a: 1, b: 2 });
  expect(before).toBeNull();
  expect(plan({ b: 2, a: 1 }, { country: 'TW', matchBy: 'phone' }).digest).toBe(digest);
  expect(plan({ a: 1, b: 3 }).digest).not.toBe(digest);
  // One place fills in one way only; with several, values in another order of the names are another plan.
  expect(plan({ a: 1, b: 2 }, options, ['x']).digest).toBe(digest);
  const both = plan({ a: 1, b: 2 }, options, ['x', 'y']);
  expect(both.before).toBe(digest);
  expect(plan({ a: 1, b: 2 }, options, ['y', 'x']).digest).not.toBe(both.digest);
});

it('an address shows its ends only', () => {
  expect(maskAddress('+886912345678')).toBe('+88*******678');
  expect(maskAddress('TW.Abc1')).toBe('*******');
});

it('steps and tries have one order', () => {
  const numbers = [planStepNumber('staging', 1), planStepNumber('staging', 2), planStepNumber('matching', 1)];
  expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
  expect([0, ...numbers, planStepNumber('freezing', 9)].map(planStepOf)).toEqual([
    null,
    'staging',
    'staging',
    'matching',
    'freezing',
  ]);
});
