// The simulator's clock: what is put off comes when its time has come, on the machine's clock or on a given one.
import { expect, test } from 'vitest';
import { SimulatorClock } from '../../../simulator/clock.ts';
import { handClock } from './running-simulator.ts';

test('on a given clock things wait until it was moved, and come in no other way', async () => {
  const hand = handClock();
  const clock = new SimulatorClock(hand.nowUs);
  const done: string[] = [];
  clock.later(0, () => done.push('at once'));
  clock.later(100, () => done.push('later'));
  const takeBack = clock.later(50, () => done.push('taken back'));
  takeBack();
  hand.advance(99);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(done).toEqual(['at once']);
  hand.advance(1);
  await expect.poll(() => done).toEqual(['at once', 'later']);
});

test('on the machine’s clock nothing comes early, and times never go back', async () => {
  const clock = new SimulatorClock(null);
  const beginUs = clock.nowUs();
  expect(Math.abs(beginUs / 1000 - Date.now())).toBeLessThan(60_000);
  const cameUs = await new Promise<number>((resolve) => {
    clock.later(20, () => resolve(clock.nowUs()));
  });
  expect(cameUs - beginUs).toBeGreaterThanOrEqual(20_000);
});
