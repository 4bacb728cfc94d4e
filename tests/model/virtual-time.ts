// Timers and the monotonic clock of product code, in the hands of a simulation; everybody else keeps the real ones.
import type { Actor } from './simulation.ts';

export interface VirtualTimer {
  due: number;
  run: () => void;
  actor: Actor;
}

interface TimeKeeper {
  /** Whether the caller is product code. */
  inside(): boolean;
  now(): number;
  add(run: () => void, ms: number): VirtualTimer;
  remove(timer: VirtualTimer): void;
}

/** Puts them in the place of the real ones; gives what puts those back. */
export function installVirtualTime(keeper: TimeKeeper): () => void {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const realNow = performance.now.bind(performance);
  const mine = new WeakSet<object>();
  const set = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): unknown => {
    if (!keeper.inside()) return real.setTimeout(run, ms, ...given);
    const timer = keeper.add(() => run(...given), ms);
    mine.add(timer);
    return timer;
  };
  globalThis.setTimeout = Object.assign(set, real.setTimeout);
  globalThis.clearTimeout = (timer: unknown) => {
    if (typeof timer === 'object' && timer !== null && mine.has(timer)) keeper.remove(timer as VirtualTimer);
    else real.clearTimeout(timer as NodeJS.Timeout);
  };
  performance.now = () => (keeper.inside() ? keeper.now() : realNow());
  return () => {
    Object.assign(globalThis, real);
    performance.now = realNow;
  };
}
