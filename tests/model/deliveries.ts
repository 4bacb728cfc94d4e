// The delivery of one broadcast as workflows/deliver-channel.ts and one-pass.ts have it: passes over slices that are due, pauses, sleeps.
import { claimedSlices, openSlices, outlook, readControl } from '../../pipelines/broadcast/slices.ts';
import type { BroadcastRef, SliceResult } from '../../contracts/broadcast.ts';
import { deliverSlice } from '../../pipelines/delivery/deliver-slice.ts';
import type { Run } from './runs.ts';
import { activity, type TryContext } from './temporal.ts';
import type { Ports, World } from './world.ts';

export type Step = <T>(name: string, work: (context: TryContext<Ports>) => Promise<T>) => Promise<T>;

export interface Delivered {
  ended: 'done' | 'cancelled' | 'failed';
  problem: string | null;
}

interface Pass {
  stopped: Exclude<SliceResult['stopped'], 'done'> | null;
  waitMs: number | null;
  problem: string | null;
}

const WINDOW = 4;
const FIRST_HELD_MS = 1_000;

export async function deliverBroadcast(world: World, run: Run, ref: BroadcastRef, step: Step): Promise<Delivered> {
  const slice = (n: number): Promise<SliceResult> =>
    activity(
      world,
      `slice ${ref.broadcastId}/${ref.attempt}/${n}`,
      { ...ref, personal: world.personal, slice: n },
      (context) => deliverSlice({ ...ref, channel: world.channel, slice: n }, context.ports, context.control),
    );
  let ended: Delivered | null = null;
  let window = WINDOW;
  let heldMs = FIRST_HELD_MS;
  for (;;) {
    run.bell.silence();
    if (ended !== null) {
      if (await resolved(run, ref, step, slice)) return ended;
      continue;
    }
    const pass = await onePass(ref, step, slice, window);
    if (pass.stopped === 'cancelled' || pass.stopped === 'failed')
      ended = { ended: pass.stopped, problem: pass.problem };
    if (pass.stopped === 'paused') await paused(run, ref, step, slice);
    window = pass.stopped === 'wait' ? 1 : WINDOW;
    if (pass.stopped === 'wait') {
      await run.bell.sleep(Math.max(pass.waitMs ?? 0, heldMs));
      heldMs = Math.min(60_000, heldMs * 2);
    } else heldMs = FIRST_HELD_MS;
    if (pass.stopped !== null) continue;
    const look = await step('outlook', ({ ports }) => outlook(ref, ports.db));
    if (!look.open) return { ended: 'done', problem: null };
    if (look.waitMs > 0) await run.bell.sleep(look.waitMs);
  }
}

type Slice = (n: number) => Promise<SliceResult>;

async function onePass(ref: BroadcastRef, step: Step, slice: Slice, window: number): Promise<Pass> {
  const pass: Pass = { stopped: null, waitMs: null, problem: null };
  const open = await step('open slices', ({ ports }) => openSlices(ports.db, ref, -1, 64));
  const due = open.filter(({ waitMs }) => (waitMs ?? 0) <= 0).map((one) => one.slice);
  const loop = async (): Promise<void> => {
    while (pass.stopped === null && due.length > 0) {
      const result = await slice(due.shift()!);
      if (result.stopped === 'done') continue;
      if (result.stopped === 'wait') pass.waitMs = Math.min(pass.waitMs ?? Infinity, result.waitMs ?? 0);
      if (pass.stopped === null || pass.stopped === 'wait') pass.stopped = result.stopped;
      pass.problem ??= result.problem;
    }
  };
  await Promise.all(Array.from({ length: window }, loop));
  return pass;
}

async function paused(run: Run, ref: BroadcastRef, step: Step, slice: Slice): Promise<void> {
  for (let sleepMs = 60_000; ; sleepMs = Math.min(3_600_000, sleepMs * 2)) {
    run.bell.silence();
    if ((await step('control', ({ ports }) => readControl(ref, ports.db))) !== 'pause') return;
    const { unresolvedMs } = await step('outlook', ({ ports }) => outlook(ref, ports.db));
    if (unresolvedMs !== null && unresolvedMs <= 0)
      for (const one of await step('claimed', ({ ports }) => claimedSlices(ports.db, ref))) await slice(one);
    else await run.bell.sleep(Math.min(sleepMs, unresolvedMs ?? sleepMs));
  }
}

async function resolved(run: Run, ref: BroadcastRef, step: Step, slice: Slice): Promise<boolean> {
  const slices = await step('claimed', ({ ports }) => claimedSlices(ports.db, ref));
  if (slices.length === 0) return true;
  const results: SliceResult[] = [];
  for (const one of slices) results.push(await slice(one));
  const held = results.filter(({ stopped }) => stopped === 'wait').map(({ waitMs }) => waitMs ?? FIRST_HELD_MS);
  const { unresolvedMs } = await step('outlook', ({ ports }) => outlook(ref, ports.db));
  const waits = [...held, ...(unresolvedMs === null ? [] : [unresolvedMs])];
  if (waits.length > 0) await run.bell.sleep(Math.max(FIRST_HELD_MS, Math.min(...waits)));
  return false;
}
