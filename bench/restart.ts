// `sluice bench restart`: kill -9 of the only worker while it sends, and how long until the provider sees the next request.
import { statSync } from 'node:fs';
import path from 'node:path';
import { addBenchChannel, freezePlan, limitSimulator, openBroadcastWorld, startPlan } from './broadcast-world.ts';
import type { BroadcastBenchWorld } from './broadcast-world.ts';
import { describeMachine, type Machine } from './machine.ts';

export interface RestartBench {
  bench: 'restart';
  machine: Machine;
  figures: {
    /** From each kill to the first request of the worker that came after it. */
    seconds: number[];
    median: number;
    /** Of these, until the new worker said that it polls. */
    workerSeconds: number[];
  };
  floors: Record<string, never>;
  ratios: Record<string, never>;
}

const PER_SECOND = 200;
/** Longer than any restart should take: the bench fails instead of waiting for ever. */
const PATIENCE_MS = 120_000;
/** Requests seen between two kills, so that the worker is at speed again and holds several slices. */
const REQUESTS_BETWEEN = 600;

/** Runs in a stack of its own, in a temporary folder that is removed again. */
export async function benchRestart(kills: number, say: (text: string) => void): Promise<RestartBench> {
  const world = await openBroadcastWorld(say);
  try {
    await addBenchChannel(world, 'whatsapp', 'bench', PER_SECOND);
    await limitSimulator(world, { provider: 'whatsapp', endpoint: 'messages', sender: 'bench', limit: PER_SECOND });
    const recipients = (kills + 1) * (REQUESTS_BETWEEN + PER_SECOND * 10);
    const base = { channel: 'bench', kind: 'whatsapp', sliceSize: 500, chunkSize: 1, endpoint: 'message' } as const;
    const plan = await freezePlan(world.db, { ...base, recipients, from: 0 });
    const { workflowId } = await startPlan(world.client, plan);
    const seconds: number[] = [];
    const workerSeconds: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const one = await killOnce(world);
      say(`kill ${kill}: the next request after ${one.total.toFixed(2)} s`);
      seconds.push(one.total);
      workerSeconds.push(one.worker);
    }
    await world.client.workflow.getHandle(workflowId).executeUpdate('cancel');
    const median = [...seconds].sort((a, b) => a - b)[Math.floor(seconds.length / 2)]!;
    return {
      bench: 'restart',
      machine: describeMachine(),
      figures: { seconds, median, workerSeconds },
      floors: {},
      ratios: {},
    };
  } finally {
    await world.close();
  }
}

async function killOnce(world: BroadcastBenchWorld): Promise<{ total: number; worker: number }> {
  const from = arrivedBytes(world);
  // A line of the log is some hundred bytes; this many are at least as many requests as wanted.
  await until(() => arrivedBytes(world) > from + REQUESTS_BETWEEN * 150);
  const before = world.stack.pidOf('worker');
  const start = performance.now();
  world.stack.kill('worker', 'SIGKILL');
  await until(() => ![null, before].includes(world.stack.pidOf('worker')));
  // What the dead worker had sent has arrived by now; whatever comes is the new one's.
  const dead = arrivedBytes(world);
  const ready = world.stack.waitReady('worker', PATIENCE_MS).then(() => performance.now());
  await until(() => arrivedBytes(world) > dead);
  const total = (performance.now() - start) / 1000;
  return { total, worker: ((await ready) - start) / 1000 };
}

function arrivedBytes(world: BroadcastBenchWorld): number {
  return statSync(path.join(world.folder, 'simulator', 'arrivals.csv'), { throwIfNoEntry: false })?.size ?? 0;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('nothing arrived at the simulator in two minutes');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
