// Runs product code of several processes inside this one, in an order that a seed decides: statements go to Postgres one by one,
// answers and timers come when it is their turn, and time passes only when nothing else can happen.
import { AsyncLocalStorage } from 'node:async_hooks';
import { busySessions, lockWaits } from './lock-waits.ts';
import { installVirtualTime, type VirtualTimer } from './virtual-time.ts';
import type { Queryable } from '../../ports/database.ts';

/** A process that product code runs in. A frozen one does nothing until it is woken; a dead one never does anything again. */
export interface Process {
  name: string;
  state: 'alive' | 'frozen' | 'dead';
  /** Steps at which it was woken. */
  woken: number[];
}

/** One thread of product code: a try of an activity, or a workflow. */
export interface Actor {
  name: string;
  process: Process;
  dead: boolean;
  settled: boolean;
  facts: Record<string, unknown>;
}

/** What happens to a statement instead of, or after, being done. */
export type Fault = { when: 'before' | 'after'; error: Error };

interface Waiting {
  actor: Actor;
  label: string;
  /** It has left the process: it is done although its process is frozen or dead. */
  left: boolean;
  go: (how: 'done' | 'dropped') => void;
}

/** Thrown into a transaction whose process has died, so that the server rolls it back. */
class Died extends Error {}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const realTimeout = globalThis.setTimeout;
const patience = (ms: number): Promise<void> => new Promise((resolve) => realTimeout(resolve, ms));

/** Real milliseconds after which a statement is asked whether it waits for a lock. */
const SUSPICION_MS = 25;

export class Simulation {
  readonly actors = new AsyncLocalStorage<Actor>();
  /** Of what runs in a transaction: whether that is open at the server. */
  readonly transactions = new AsyncLocalStorage<{ open: boolean }>();
  step = 0;
  /** Milliseconds since the run began. */
  now = 0;
  random: () => number = Math.random;
  /** Asked before each statement. */
  fault: (actor: Actor, label: string) => Fault | null = () => null;
  onStatement: (actor: Actor, label: string, values: readonly unknown[], rows: unknown[], rowCount: number) => void =
    () => undefined;
  readonly trace: string[] = [];
  #waiting: Waiting[] = [];
  #timers: VirtualTimer[] = [];
  #busy = 0;
  #held: { process: Process; resume: () => void }[] = [];
  #changed: () => void = () => undefined;
  readonly #admin: Queryable;
  readonly #tick: (ms: number) => Promise<void>;
  readonly #uninstall: () => void;

  /** `tick` moves the database's clock. */
  constructor(admin: Queryable, tick: (ms: number) => Promise<void>) {
    this.#admin = admin;
    this.#tick = tick;
    this.#uninstall = installVirtualTime({
      inside: () => this.actors.getStore() !== undefined,
      now: () => this.now,
      add: (run, ms) => {
        const timer = { due: this.now + Math.max(1, ms), run, actor: this.actors.getStore()! };
        this.#timers.push(timer);
        return timer;
      },
      remove: (timer) => (this.#timers = this.#timers.filter((one) => one !== timer)),
    });
  }

  close(): void {
    this.#uninstall();
  }

  /** Everything of the run before is forgotten. */
  reset(): void {
    for (const one of this.#waiting) one.actor.dead = true;
    this.#waiting = [];
    this.#timers = [];
    this.#held = [];
    this.step = 0;
    this.now = 0;
    this.trace.length = 0;
  }

  actor(name: string, process: Process): Actor {
    return { name, process, dead: false, settled: false, facts: {} };
  }

  /** Starts product code as that actor. */
  spawn<T>(actor: Actor, work: () => Promise<T>): Promise<T> {
    const running = this.actors.run(actor, work);
    const settled = (): void => void (actor.settled = true);
    running.then(settled, settled);
    return running;
  }

  gone(actor: Actor): boolean {
    return actor.dead || actor.process.state === 'dead';
  }

  /** Does work outside of the simulation: a statement, or a question of the model. The world stands still meanwhile. */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await this.actors.exit(work);
    } finally {
      this.#busy -= 1;
      this.#changed();
    }
  }

  /** One piece of work in the world outside, when it is its turn: a file moved, a question to another program. */
  async deed<T>(actor: Actor, label: string, work: () => Promise<T>): Promise<T> {
    let result: T;
    await this.statement(actor, label, [], async () => {
      result = await work();
      return { rows: [], rowCount: 0 };
    });
    return result!;
  }

  /** One statement, when it is its turn. */
  async statement<T extends { rows: unknown[]; rowCount: number }>(
    actor: Actor,
    label: string,
    values: readonly unknown[],
    work: () => Promise<T>,
  ): Promise<T> {
    const how = await this.#turn(actor, label);
    if (how === 'dropped') return this.#lost();
    const fault = this.fault(actor, label);
    if (fault?.when === 'before') throw fault.error;
    const result = await this.outside(work);
    this.onStatement(actor, label, values, result.rows, result.rowCount);
    await this.#arrive(actor);
    if (fault) throw fault.error;
    return result;
  }

  /** Waits until it is its turn; then until its process can hear of it. For what is not a statement. */
  async event(actor: Actor, label: string): Promise<void> {
    if ((await this.#turn(actor, label)) === 'dropped') await this.#lost();
    await this.#arrive(actor);
  }

  #turn(actor: Actor, label: string): Promise<'done' | 'dropped'> {
    if (this.gone(actor)) return Promise.resolve('dropped');
    return new Promise((resolve) => this.#waiting.push({ actor, label, left: false, go: resolve }));
  }

  #lost<T>(): Promise<T> {
    if (this.transactions.getStore()?.open) return Promise.reject(new Died('the process died'));
    return never();
  }

  /** An answer reaches its process, unless that is gone. */
  async #arrive(actor: Actor): Promise<void> {
    while (actor.process.state === 'frozen')
      await new Promise<void>((resume) => this.#held.push({ process: actor.process, resume }));
    if (this.gone(actor)) await this.#lost();
  }

  /** The process of an actor that is about to do this. */
  processBefore(label: string): Process | null {
    return (
      this.#waiting.find((one) => one.label === label && one.actor.process.state === 'alive')?.actor.process ?? null
    );
  }

  /** What of it had left the process already is decided by chance, but for `before`, which has not. */
  stop(process: Process, state: 'frozen' | 'dead', before: string | null = null): void {
    process.state = state;
    for (const one of this.#waiting.filter(({ actor }) => actor.process === process)) {
      one.left = this.random() < 0.4 && one.label !== before;
      if (state === 'dead' && !one.left) one.go('dropped');
    }
    if (state !== 'dead') return;
    this.#waiting = this.#waiting.filter(({ actor, left }) => actor.process !== process || left);
    this.#timers = this.#timers.filter(({ actor }) => actor.process !== process);
    this.#release(process);
  }

  wake(process: Process): void {
    process.state = 'alive';
    process.woken.push(this.step);
    this.#release(process);
  }

  #release(process: Process): void {
    const mine = this.#held.filter((one) => one.process === process);
    this.#held = this.#held.filter((one) => one.process !== process);
    for (const { resume } of mine) resume();
  }

  /** A workflow that is terminated. */
  end(actor: Actor): void {
    actor.dead = true;
    for (const one of this.#waiting.filter((waiting) => waiting.actor === actor)) one.go('dropped');
    this.#waiting = this.#waiting.filter((one) => one.actor !== actor);
    this.#timers = this.#timers.filter((timer) => timer.actor !== actor);
  }

  /** Lets that much time pass at once; what was due meanwhile comes late. */
  async pass(ms: number): Promise<void> {
    await this.quiet();
    this.now += ms;
    await this.#tick(ms);
  }

  /**
   * One thing happens; false: nothing can, within `horizonMs`. `first`: this actor, or this process, goes before all others.
   */
  async next(horizonMs: number, first: Actor | Process | null = null): Promise<boolean> {
    await this.quiet();
    this.step += 1;
    const ready = this.#waiting.filter(({ actor, left }) => left || actor.process.state === 'alive');
    const preferred = first === null ? [] : ready.filter(({ actor }) => actor === first || actor.process === first);
    const from = preferred.length > 0 ? preferred : ready;
    if (from.length > 0) {
      const one = from[Math.floor(this.random() * from.length)]!;
      this.#waiting = this.#waiting.filter((other) => other !== one);
      this.trace.push(`${this.step} +${this.now} ${one.actor.name}: ${one.label}`);
      one.go('done');
      await this.quiet();
      return true;
    }
    if (this.#busy > 0 && (await this.#endFrozenTransactions())) return true;
    const timer = this.#timers
      .filter(({ actor }) => !this.gone(actor) && actor.process.state === 'alive')
      .reduce<VirtualTimer | null>((least, one) => (least === null || one.due < least.due ? one : least), null);
    if (timer === null || timer.due > this.now + horizonMs) return false;
    this.#timers = this.#timers.filter((other) => other !== timer);
    const ms = timer.due - this.now;
    if (ms > 0) {
      this.now = timer.due;
      await this.#tick(ms);
    }
    this.actors.run(timer.actor, timer.run);
    await this.quiet();
    return true;
  }

  /** Until nothing runs that is not held up by a lock. */
  async quiet(): Promise<void> {
    for (let since = performance.now(); ;) {
      await immediate();
      await immediate();
      if (this.#busy === 0) return;
      await Promise.race([new Promise<void>((resolve) => (this.#changed = resolve)), patience(SUSPICION_MS)]);
      if (this.#busy === 0 || performance.now() - since < SUSPICION_MS) continue;
      if ((await lockWaits(this.#admin)).length >= this.#busy) return;
      if (performance.now() - since > 30_000)
        throw new Error(`a statement takes for ever: ${this.trace.at(-1)}; ${await busySessions(this.#admin)}`);
    }
  }

  /** The server ends transactions of processes that stand still, when others wait for them. */
  async #endFrozenTransactions(): Promise<boolean> {
    const waiting = await lockWaits(this.#admin);
    const waiters = new Set(waiting.map(({ pid }) => pid));
    const blockers = [...new Set(waiting.flatMap((one) => one.blockers))].filter((pid) => !waiters.has(pid));
    if (blockers.length === 0) return false;
    this.trace.push(`${this.step} +${this.now} server: ends ${blockers.length} transactions that stand still`);
    await this.#admin.query('select pg_terminate_backend(pid) from unnest($1::integer[]) as pid', [blockers]);
    await patience(5);
    await this.quiet();
    return true;
  }
}
