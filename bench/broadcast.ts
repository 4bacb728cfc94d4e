// `sluice bench broadcast`: a recipient list on LINE from CSV to the last multicast, under the documented limit: plan, delivery,
// memory of the worker, history.
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PlanResult } from '../contracts/broadcast.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { addBenchChannel, openBroadcastWorld, startPlan } from './broadcast-world.ts';
import { readHistory, type HistoryFigures } from './history.ts';
import { describeMachine, residentMiB, watchMemory, type Machine } from './machine.ts';

export interface BroadcastBench {
  bench: 'broadcast';
  machine: Machine;
  figures: {
    recipients: number;
    planSeconds: number;
    deliverSeconds: number;
    requests: number;
    refused: number;
    workerIdleMiB: number;
    planMiB: number;
    deliverMiB: number;
    histories: { planBroadcast: HistoryFigures; broadcast: HistoryFigures; deliverChannel: HistoryFigures };
  };
  floors: { limitSeconds: number };
  ratios: { deliver: number };
}

/** LINE's documented multicasts a second. */
const MULTICASTS = 200;

/** One line more than asked for would not matter: a million is only advised against. In a stack of its own. */
export async function benchBroadcast(recipients: number, say: (text: string) => void): Promise<BroadcastBench> {
  const world = await openBroadcastWorld(say);
  try {
    await addBenchChannel(world, 'line', 'bench', MULTICASTS);
    const csv = path.join(world.folder, 'list.csv');
    say(`writing ${recipients} lines`);
    await pipeline(Readable.from(lines(recipients)), createWriteStream(csv));
    const workerIdleMiB = residentMiB(world.stack.pidOf('worker')!);
    say('planning');
    const planMemory = watchMemory(world.stack.pidOf('worker')!);
    const planStart = performance.now();
    const planHandle = await world.client.workflow.start('planBroadcast', {
      taskQueue: PIPELINE_QUEUE,
      workflowId: 'plan/bench',
      args: [{ channel: 'bench', csv, message: { messages: [{ type: 'text', text: 'Hello' }] }, settleSeconds: 0 }],
    });
    const plan = (await planHandle.result()) as PlanResult;
    const planSeconds = (performance.now() - planStart) / 1000;
    const planMiB = planMemory.peak();
    await rm(csv);
    say(`delivering ${plan.recipients} recipients in ${plan.requests} requests`);
    const memory = watchMemory(world.stack.pidOf('worker')!);
    const start = performance.now();
    const { workflowId, result } = await startPlan(world.client, plan);
    const ended = await result();
    const deliverSeconds = (performance.now() - start) / 1000;
    if (ended.fates.accepted !== recipients) throw new Error(`the bench lost recipients: ${JSON.stringify(ended)}`);
    const summary = (await (await fetch(`${world.simulator}/__sim/summary?distinct=false`)).json()) as {
      refused: Record<string, number>;
    };
    const histories = {
      planBroadcast: await readHistory(planHandle),
      broadcast: await readHistory(world.client.workflow.getHandle(workflowId)),
      deliverChannel: await readHistory(world.client.workflow.getHandle(`${workflowId}/bench/1`)),
    };
    const limitSeconds = plan.requests / MULTICASTS;
    return {
      bench: 'broadcast',
      machine: describeMachine(),
      figures: {
        recipients,
        planSeconds,
        deliverSeconds,
        requests: plan.requests,
        refused: Object.values(summary.refused).reduce((sum, n) => sum + n, 0),
        workerIdleMiB,
        planMiB,
        deliverMiB: memory.peak(),
        histories,
      },
      floors: { limitSeconds },
      ratios: { deliver: deliverSeconds / limitSeconds },
    };
  } finally {
    await world.close();
  }
}

function* lines(recipients: number): Generator<string, void> {
  yield 'LINE UID,name\n';
  const block = 1_000;
  for (let from = 0; from < recipients; from += block) {
    let text = '';
    for (let n = from; n < Math.min(recipients, from + block); n++)
      text += `U${(n * 7919 + 13).toString(16).padStart(32, '0')},客${n}\n`;
    yield text;
  }
}
