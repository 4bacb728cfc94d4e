// The fleet with workers that do as the test says: one failure ends all, nobody is left running, nothing is waited for in vain.
import { expect, test } from 'vitest';
import { WorkerFleet, type FleetWorker } from '../../../server/worker-fleet.ts';

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** A worker that runs until it is shut down or broken, and notes what it was told. */
class ScriptedWorker implements FleetWorker {
  state = 'INITIALIZED';
  shutdowns = 0;
  #end = deferred<void>();
  run(): Promise<void> {
    this.state = 'RUNNING';
    return this.#end.promise;
  }
  shutdown(): void {
    if (this.state !== 'RUNNING') throw new Error(`Not running: ${this.state}`);
    this.shutdowns += 1;
    this.finish();
  }
  getState(): string {
    return this.state;
  }
  finish(): void {
    this.state = 'STOPPED';
    this.#end.resolve();
  }
  break(error: Error): void {
    this.state = 'FAILED';
    this.#end.reject(error);
  }
}

async function started(fleet: WorkerFleet): Promise<ScriptedWorker> {
  return fleet.start(async () => new ScriptedWorker());
}

test('a worker runs when start answers, and the fleet ends with the last one', async () => {
  const fleet = new WorkerFleet();
  const [one, two] = [await started(fleet), await started(fleet)];
  expect([one.state, two.state]).toEqual(['RUNNING', 'RUNNING']);
  let over = false;
  const ended = fleet.ended().then(() => (over = true));
  one.finish();
  await new Promise(setImmediate);
  expect(over).toBe(false);
  two.finish();
  await ended;
  await expect(fleet.start(async () => new ScriptedWorker())).rejects.toThrow('have ended');
});

test('the first failure ends the others, once each, and is the one that is told', async () => {
  const fleet = new WorkerFleet();
  const [one, two, three] = [await started(fleet), await started(fleet), await started(fleet)];
  three.state = 'DRAINING';
  const ended = fleet.ended();
  one.break(new Error('poll refused'));
  await new Promise(setImmediate);
  expect([two.shutdowns, three.shutdowns]).toEqual([1, 0]);
  three.break(new Error('a later one'));
  await expect(ended).rejects.toThrow('poll refused');
});

test('a worker that cannot be created ends nobody by itself; those beside it and after it are ended by fail', async () => {
  const fleet = new WorkerFleet();
  const slow = deferred<ScriptedWorker>();
  const one = await started(fleet);
  const late = fleet.start(() => slow.promise);
  await expect(fleet.start(() => Promise.reject(new Error('no namespace')))).rejects.toThrow('no namespace');
  expect(one.state).toBe('RUNNING');
  fleet.fail(new Error('no namespace'));
  const ended = fleet.ended();
  slow.resolve(new ScriptedWorker());
  expect((await late).shutdowns).toBe(1);
  expect((await started(fleet)).state).toBe('STOPPED');
  await expect(ended).rejects.toThrow('no namespace');
  expect(one.shutdowns).toBe(1);
});
