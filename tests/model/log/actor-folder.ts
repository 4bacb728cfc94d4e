// Files and DuckDB as one actor of a simulation has them: each move waits for its turn, and may be the last of its process.
import type { Folder } from '../../../ports/folder.ts';
import type { Duck, WithDuck } from '../../../ports/duck.ts';
import type { Actor, Process, Simulation } from '../simulation.ts';

/** `age`: of something that was written at a real instant, in the time of the simulation. Milliseconds both. */
export function actorFolder(
  real: Folder,
  name: string,
  sim: Simulation,
  actor: Actor,
  age: (writtenAt: number) => number,
): Folder {
  const deed = <T>(what: string, work: () => Promise<T>) => sim.deed(actor, `file ${name} ${what}`, work);
  return {
    at: (name) => real.at(name),
    sink: (name) => real.sink(name),
    make: (path) => deed('make', () => real.make(path)),
    list: (path) =>
      deed('list', async () =>
        (await real.list(path)).map((entry) => ({ ...entry, ageMs: age(Date.now() - entry.ageMs) })),
      ),
    remove: (path) => deed('remove', () => real.remove(path)),
    rename: (from, to) => deed(`rename ${placeOf(from)}, ${placeOf(to)}`, () => real.rename(from, to)),
    alias: (from, to) => deed('alias', () => real.alias(from, to)),
    seal: (path) => deed('seal', () => real.seal(path)),
    fingerprint: (path) => deed('fingerprint', () => real.fingerprint(path)),
    read: (path) => deed('read', () => real.read(path)),
    link: (path, target) => deed('link', () => real.link(path, target)),
    linked: (path) => deed('linked', () => real.linked(path)),
    write: async (path, text) => {
      // What is still to be computed is computed by the actor, in turns of its own.
      let whole = '';
      if (typeof text === 'string') whole = text;
      else for await (const part of text) whole += part;
      await deed('write', () => real.write(path, whole));
    },
  };
}

/** What one result's taking another's place is made of, so that a course can stop between two moves. */
function placeOf(name: string): 'coming' | 'going' | 'work' | 'place' {
  if (name.endsWith('.new')) return 'coming';
  if (name.endsWith('.old')) return 'going';
  return name.startsWith('.work') ? 'work' : 'place';
}

/** DuckDBs of all processes: one at a time in each. */
export class DuckPlaces {
  readonly #sim: Simulation;
  readonly #make: () => WithDuck;
  #last = new Map<Process, Promise<void>>();
  #open = new Map<() => Promise<void>, Process>();

  /** `make`: sessions that wait for nobody. */
  constructor(sim: Simulation, make: () => WithDuck) {
    this.#sim = sim;
    this.#make = make;
  }

  of(actor: Actor): WithDuck {
    return async (signal, work) => {
      signal.throwIfAborted();
      const before = this.#last.get(actor.process) ?? Promise.resolve();
      let free: () => void = () => undefined;
      this.#last.set(actor.process, new Promise<void>((resolve) => (free = resolve)));
      await before;
      try {
        const { duck, close } = await this.#sim.outside(() => this.#session());
        this.#open.set(close, actor.process);
        try {
          return await work(this.#inTurns(duck, actor));
        } finally {
          this.#open.delete(close);
          await this.#sim.outside(close);
        }
      } finally {
        free();
      }
    };
  }

  /** What a dead process had open is closed by its operating system. */
  async closeOf(process: Process | null): Promise<void> {
    for (const [close, owner] of this.#open) {
      if (process !== null && owner !== process) continue;
      this.#open.delete(close);
      await this.#sim.outside(close);
    }
  }

  #session(): Promise<{ duck: Duck; close: () => Promise<void> }> {
    return new Promise((resolve, reject) => {
      let end: () => void = () => undefined;
      const ended = new Promise<void>((done) => (end = done));
      const session: Promise<void> = this.#make()(new AbortController().signal, (duck) => {
        resolve({
          duck,
          close: () => {
            end();
            return session;
          },
        });
        return ended;
      });
      session.catch(reject);
    });
  }

  #inTurns(duck: Duck, actor: Actor): Duck {
    const sim = this.#sim;
    const label = (sql: string) => `duck ${sql.trim().slice(0, 40).replace(/\s+/g, ' ')}`;
    return {
      run: (sql) => sim.deed(actor, label(sql), () => duck.run(sql)),
      rows: <Row>(sql: string) => sim.deed(actor, label(sql), () => duck.rows<Row>(sql)),
      pages: async function* <Row>(sql: string) {
        yield await sim.deed(actor, label(sql), () => duck.rows<Row>(sql));
      },
    };
  }
}
