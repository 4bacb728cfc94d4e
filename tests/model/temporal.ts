// As much of Temporal as the workflows need: activities that are tried again, on workers that may be gone; sleeps that can be ended.
import { isPassing } from '../../activities/failures.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { StepControl } from '../../ports/step-control.ts';
import type { Actor, Process, Simulation } from './simulation.ts';

export interface Try {
  actor: Actor;
  abort: AbortController;
  /** Temporal believes that it is lost, and begins another one. */
  lose: () => void;
  lost: boolean;
}

/** Where activities run. */
export interface Site<Ports> {
  sim: Simulation;
  workers: Process[];
  tries: Set<Try>;
  ports(actor: Actor): Ports;
}

/** After a worker's last sign of life. */
const HEARTBEAT_MS = 5_000;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;
/** As the activities have it. */
const UNFORESEEN_TRIES = 20;

export interface TryContext<Ports> {
  actor: Actor;
  ports: Ports;
  control: StepControl;
  /** Counts from 1. */
  attempt: number;
}

const LOST = Symbol('lost');

/** Runs an activity on any worker until it gives a result or an error that is final. `facts` are what the model knows of it. */
export async function activity<Ports, T>(
  world: Site<Ports>,
  name: string,
  facts: Record<string, unknown>,
  work: (context: TryContext<Ports>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const worker = await aliveWorker(world);
    const actor = world.sim.actor(`${worker.name}, ${name} #${attempt}`, worker);
    Object.assign(actor.facts, facts);
    const abort = new AbortController();
    let lose = (): void => undefined;
    const lost = new Promise<typeof LOST>((resolve) => (lose = () => resolve(LOST)));
    const one: Try = { actor, abort, lost: false, lose: () => undefined };
    one.lose = () => {
      one.lost = true;
      lose();
    };
    world.tries.add(one);
    const running = world.sim.spawn(actor, () =>
      work({
        actor,
        attempt,
        ports: world.ports(actor),
        control: { signal: abort.signal, onProgress: () => undefined },
      }),
    );
    const over = (): void => void world.tries.delete(one);
    running.then(over, over);
    try {
      const result = await Promise.race([running, lost]);
      if (result !== LOST) return result;
      await sleep(HEARTBEAT_MS);
    } catch (error) {
      if (error instanceof PipelineError && error.retry === 'never') throw error;
      if (!isPassing(error) && !(error instanceof PipelineError) && attempt >= UNFORESEEN_TRIES) throw error;
      world.sim.trace.push(
        `${world.sim.step} ${actor.name} failed: ${error instanceof Error ? error.message : String(error)}`,
      );
      await sleep(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10)));
    }
  }
}

async function aliveWorker(world: Pick<Site<unknown>, 'sim' | 'workers'>): Promise<Process> {
  for (;;) {
    const alive = world.workers.filter(({ state }) => state === 'alive');
    if (alive.length > 0) return alive[Math.floor(world.sim.random() * alive.length)]!;
    await sleep(1_000);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A sleep that ends when people want something. */
export class Bell {
  #rung = false;
  #wake: () => void = () => undefined;

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  silence(): void {
    this.#rung = false;
  }

  async sleep(ms: number): Promise<void> {
    if (this.#rung) return;
    let timer: NodeJS.Timeout | null = null;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, Math.max(1, Math.min(ms, 3_600_000)));
    });
    this.#wake = () => undefined;
    if (timer) clearTimeout(timer);
  }
}
