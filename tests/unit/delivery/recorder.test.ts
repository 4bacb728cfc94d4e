// Answers in hand survive every error of the database until they are written, and one that is refused holds up no other.
import { expect, test } from 'vitest';
import type { Answered } from '../../../pipelines/delivery/ports.ts';
import { openRecorder } from '../../../pipelines/delivery/recorder.ts';

const answered = (id: number) => ({ unit: { id } }) as Answered;
const passing = new Error('away');
const unforeseen = new Error('unforeseen');

/** A recorder whose database does what `write` says; waits take no time and are counted. */
function world(write: (ids: number[], again: boolean) => void) {
  const written: number[] = [];
  const calls: { ids: number[]; again: boolean }[] = [];
  const troubles: unknown[] = [];
  const recorder = openRecorder({
    write: async (answers, again) => {
      const ids = answers.map(({ unit }) => unit.id);
      calls.push({ ids, again });
      write(ids, again);
      return [];
    },
    onWritten: (answers) => void written.push(...answers.map(({ unit }) => unit.id)),
    isPassing: (error) => error === passing,
    onTrouble: (error) => void troubles.push(error),
    onRefused: () => undefined,
    wait: () => new Promise((resolve) => setImmediate(resolve)),
  });
  return { recorder, written, calls, troubles };
}

const all = Array.from({ length: 9 }, (_, n) => n);

test('an error that passes is waited for, and the same answers are written, marked as perhaps written before', async () => {
  let away = 3;
  const { recorder, written, calls, troubles } = world(() => {
    if (away-- > 0) throw passing;
  });
  all.forEach((id) => recorder.push(answered(id)));
  await recorder.drained();
  expect(written).toEqual(all);
  expect(calls.map(({ again }) => again)).toEqual([false, true, true, true]);
  expect(troubles).toEqual([]);
});

test('an error that nobody foresaw loses nothing: what is refused is found, kept, and written when it is taken', async () => {
  let refusals = 5;
  const { recorder, written, troubles } = world((ids) => {
    if (ids.includes(4) && refusals-- > 0) throw unforeseen;
  });
  all.forEach((id) => recorder.push(answered(id)));
  await recorder.drained();
  expect([...written].sort((a, b) => a - b)).toEqual(all);
  expect(written.at(-1)).toBe(4);
  expect(troubles.length).toBeGreaterThan(0);
});

test('answers that come while one is refused are written at once', async () => {
  let open = false;
  const { recorder, written } = world((ids) => {
    if (ids.includes(0) && !open) throw unforeseen;
  });
  recorder.push(answered(0));
  for (let id = 1; id < 50; id++) {
    recorder.push(answered(id));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([...written].sort((a, b) => a - b)).toEqual(Array.from({ length: 49 }, (_, n) => n + 1));
  open = true;
  await recorder.drained();
  expect(written).toContain(0);
});
