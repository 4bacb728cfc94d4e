// Ends what a killed supervisor left running. Acts only on processes proven to be its children.
import { findOrphans } from './runtime-file.ts';
import { PLAIN_STOP, POSTGRES_STOP, stopProcess, type StopPlan } from './stop-process.ts';

/** Workers of a dead supervisor get less patience than living ones: their activities are retried anyway. */
const ORPHAN_WORKER_STOP: StopPlan = [
  { signal: 'SIGTERM', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];

/** Stops them in reverse order of their start; nothing to do is fine. Answers their names. The caller holds the lock. */
export async function stopOrphans(dataDir: string, say: (text: string) => void): Promise<string[]> {
  const orphans = findOrphans(dataDir).reverse();
  for (const { name, child } of orphans) {
    say(`Stopping ${name} (pid ${child.pid}), left by a run that was killed.`);
    const plan = name === 'postgres' ? POSTGRES_STOP : name === 'temporal' ? PLAIN_STOP : ORPHAN_WORKER_STOP;
    if (!(await stopProcess(child, plan))) say(`${name} (pid ${child.pid}) does not end.`);
  }
  return orphans.map(({ name }) => name);
}
