// What happens to the processes of a model: workers that die, stand still and wake, tries that are lost, workflows that are
// terminated, a database that fails.
import fc from 'fast-check';
import { seededRandom } from '../../simulator/random.ts';
import type { Actor, Fault, Process } from './simulation.ts';
import type { Site } from './temporal.ts';

/** Longest sleep that is slept by itself; what is longer is for the command `time`. */
export const HORIZON_MS = 600_000;

export const at = <T>(all: readonly T[], n: number): T | undefined =>
  all.length === 0 ? undefined : all[n % all.length];

/** Statements that fail before the database is back, or that nobody foresaw; as many as `n` says. */
export const failing = fc.record({
  do: fc.constantFrom('failover' as const, 'unforeseen' as const),
  n: fc.integer({ min: 1, max: 6 }),
});

/** What is still to fail of a database. */
export class DatabaseFaults {
  /** Statements that fail before the database is back. */
  failover = 0;
  unforeseen = 0;

  begin({ do: what, n }: { do: 'failover' | 'unforeseen'; n: number }): void {
    if (what === 'failover') this.failover = n;
    else this.unforeseen = Math.ceil(n / 3);
  }

  end(): void {
    this.failover = 0;
    this.unforeseen = 0;
  }

  /** Of a statement that is about to be done. */
  ofStatement(label: string): Fault | null {
    if (this.failover > 0) {
      this.failover -= 1;
      if (this.failover % 3 === 1) return { when: 'after', error: new Error('Connection terminated unexpectedly') };
      const error = Object.assign(new Error('cannot execute in a read-only transaction'), { code: '25006' });
      return { when: 'before', error };
    }
    if (label === 'begin' || label === 'commit' || !this.#unforeseen()) return null;
    return { when: 'before', error: unforeseen(this.unforeseen % 2 === 0 ? 'XX000' : '23505') };
  }

  /** Of a file that is about to be moved. */
  ofFile(): Fault | null {
    if (!this.#unforeseen()) return null;
    return { when: this.unforeseen % 3 === 0 ? 'after' : 'before', error: unforeseen('EIO') };
  }

  #unforeseen(): boolean {
    if (this.unforeseen === 0) return false;
    this.unforeseen -= 1;
    return true;
  }
}

const unforeseen = (code: string): Error => Object.assign(new Error('nobody foresaw this'), { code });

interface Disturbed extends Pick<Site<unknown>, 'sim' | 'tries'> {
  workers: Process[];
  runs: { state: string; actor: Actor }[];
}

/** The worker that is about to do `before`, once one is, within `steps` that `next` takes; else any. */
export async function victim<W extends Process>(
  { sim, workers }: { sim: Disturbed['sim']; workers: W[] },
  which: number,
  before: string | null,
  steps: number,
  next: () => Promise<boolean>,
): Promise<W> {
  const any = at(workers, which)!;
  for (let n = 0; before !== null && n < steps; n++) {
    await sim.quiet();
    const found = workers.find((worker) => worker === sim.processBefore(before));
    if (found) return found;
    if (!(await next())) break;
  }
  await sim.quiet();
  return any;
}

export interface Stop {
  do: 'kill' | 'freeze';
  which: number;
  before: string | null;
  /** Of one that stands still: Temporal finds out at once, and begins its tries anew elsewhere. */
  missed?: boolean;
  salt: number;
}

/** Kills or freezes a worker that `find` gives; one that died has another in its place by `replace`. */
export async function stop<W extends Process>(
  { sim, tries }: Pick<Disturbed, 'sim' | 'tries'>,
  what: Stop,
  find: () => Promise<W>,
  replace: (worker: W) => void | Promise<void>,
): Promise<void> {
  sim.random = seededRandom(what.salt);
  const worker = await find();
  if (what.do === 'freeze') {
    if (worker.state === 'alive') sim.stop(worker, 'frozen', what.before);
    if (what.missed) for (const one of tries) if (one.actor.process === worker) one.lose();
    return;
  }
  sim.stop(worker, 'dead', what.before);
  await replace(worker);
  for (const one of [...tries].filter(({ actor }) => actor.process === worker)) {
    tries.delete(one);
    one.lose();
  }
}

/** A try that Temporal takes for lost, and that goes on. */
export function lose({ tries }: Pick<Disturbed, 'tries'>, which: number): void {
  at(
    [...tries].filter(({ lost }) => !lost),
    which,
  )?.lose();
}

/** Ends a workflow that runs; what its activities do goes on. Gives whether one did. */
export function terminate({ sim, tries, runs }: Disturbed, which: number): boolean {
  const run = at(
    runs.filter(({ state }) => state === 'running'),
    which,
  );
  if (!run) return false;
  run.state = 'terminated';
  sim.end(run.actor);
  for (const one of tries) if (one.actor.facts['run'] === run) one.lost = true;
  return true;
}
