// A database whose client "crashes": a statement or a commit throws, before or after the server has done it.
import type { Database, Transaction } from '../ports/database.ts';

export class Crash extends Error {
  constructor() {
    super('Connection terminated unexpectedly (injected)');
  }
}

/** `countdown` calls go through, then one crashes; every call after that too, until `revive`. */
export interface CrashingDatabase extends Database {
  revive(countdown: number, after: boolean): void;
  /** How often it has crashed. */
  readonly crashes: number;
}

export function crashingDatabase(db: Database): CrashingDatabase {
  let left = Number.POSITIVE_INFINITY;
  let crashAfter = false;
  let dead = false;
  let crashes = 0;
  const crash = (): never => {
    if (!dead) crashes += 1;
    dead = true;
    throw new Crash();
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) crash();
    left -= 1;
    if (left < 0 && !crashAfter) crash();
    const result = await work();
    if (left < 0) crash();
    return result;
  };
  const wrap = (tx: Transaction): Transaction => ({
    query: (text, values) => guarded(() => tx.query(text, values)),
    copyIn: (text, chunks) => guarded(() => tx.copyIn(text, chunks)),
    copyOut: (text, into) => guarded(() => tx.copyOut(text, into)),
  });
  return {
    get crashes() {
      return crashes;
    },
    revive: (countdown, after) => {
      left = countdown;
      crashAfter = after;
      dead = false;
    },
    query: (text, values) => guarded(() => db.query(text, values)),
    // The commit itself is one more call: "after" then means committed, and nobody heard of it.
    transaction: (work, options) => guarded(() => db.transaction((tx) => work(wrap(tx)), options)),
    kysely: db.kysely,
    end: () => db.end(),
  };
}
