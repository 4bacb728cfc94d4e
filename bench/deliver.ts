// `sluice bench deliver`: a broadcast with one request a recipient and no limit, from start to end through Temporal and the
// ledger, against undici alone on the same server.
import { addBenchChannel, freezePlan, limitSimulator, openBroadcastWorld, startPlan } from './broadcast-world.ts';
import { deliverFloor } from './deliver-floor.ts';
import { readHistory, type HistoryFigures } from './history.ts';
import { describeMachine, residentMiB, watchMemory, type Machine } from './machine.ts';

export interface DeliverBench {
  bench: 'deliver';
  machine: Machine;
  figures: {
    recipients: number;
    seconds: number;
    perSecond: number;
    workerMiB: number;
    workerIdleMiB: number;
    history: HistoryFigures;
  };
  floors: { connections: number; perSecond: number; all: Record<string, number> };
  ratios: { deliver: number };
}

/** Runs in a stack of its own, in a temporary folder that is removed again. */
export async function benchDeliver(recipients: number, say: (text: string) => void): Promise<DeliverBench> {
  const world = await openBroadcastWorld(say);
  try {
    await addBenchChannel(world, 'whatsapp', 'bench', 0);
    for (const sender of ['bench', 'floor'])
      await limitSimulator(world, { provider: 'whatsapp', endpoint: 'messages', sender, limit: 0 });
    say(`freezing a plan of ${recipients}`);
    const base = { channel: 'bench', kind: 'whatsapp', sliceSize: 5_000, chunkSize: 1, endpoint: 'message' } as const;
    const warm = await freezePlan(world.db, { ...base, recipients: Math.ceil(recipients / 10), from: 50_000_000 });
    const plan = await freezePlan(world.db, { ...base, recipients, from: 0 });
    const workerIdleMiB = residentMiB(world.stack.pidOf('worker')!);
    say('warm-up');
    await (await startPlan(world.client, warm)).result();
    await deliverFloor(world.simulator, Math.ceil(recipients / 10));
    say('floor');
    const floors = await deliverFloor(world.simulator, recipients);
    say('delivering');
    await world.db.query('checkpoint');
    const memory = watchMemory(world.stack.pidOf('worker')!);
    const start = performance.now();
    const { workflowId, result } = await startPlan(world.client, plan);
    const ended = await result();
    const seconds = (performance.now() - start) / 1000;
    if (ended.fates.accepted !== recipients) throw new Error(`the bench lost recipients: ${JSON.stringify(ended)}`);
    const history = await readHistory(world.client.workflow.getHandle(`${workflowId}/bench/1`));
    return {
      bench: 'deliver',
      machine: describeMachine(),
      figures: {
        recipients,
        seconds,
        perSecond: recipients / seconds,
        workerMiB: memory.peak(),
        workerIdleMiB,
        history,
      },
      floors,
      ratios: { deliver: recipients / seconds / floors.perSecond },
    };
  } finally {
    await world.close();
  }
}
