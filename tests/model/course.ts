// One run of the model from its first command to its end, with everything checked in between.
import { seededRandom } from '../../simulator/random.ts';
import type { Command } from './commands.ts';
import { people, perform } from './perform.ts';
import { setControl } from '../../pipelines/broadcast/control.ts';
import { Invariants } from './invariants.ts';
import { prologue } from './prologue.ts';
import { startRun } from './runs.ts';
import type { SharedModel } from './shared.ts';
import { World, type Setting } from './world.ts';

/** Things that happen until everything has ended, at most. */
const LONGEST_END = 6_000;
/** Longer than any sleep of a workflow. */
const DAYS_MS = 2 * 86_400_000;

export async function runCourse(shared: SharedModel, setting: Setting, course: Command[]): Promise<void> {
  shared.sim.reset();
  await shared.clear();
  const world = new World(shared, setting);
  try {
    await world.open();
    const invariants = new Invariants(world);
    const check = async (what: string): Promise<void> => {
      await shared.sim.quiet();
      await invariants.check();
      if (world.wrongs.length > 0)
        throw new Error(
          `after ${what}:\n  ${world.wrongs.join('\n  ')}\nWhat happened last:\n  ${shared.sim.trace.slice(-60).join('\n  ')}`,
        );
    };
    await prologue(world);
    for (const command of course) {
      await perform(world, command);
      await check(JSON.stringify(command));
    }
    await end(world);
    await check('the end');
    await nothingOpen(world);
  } finally {
    await close(world);
  }
}

/** All is well again: everything that was begun comes to its end. */
async function end(world: World): Promise<void> {
  const { sim, provider } = world;
  sim.random = seededRandom(1);
  provider.script = [];
  provider.repeats = [];
  world.faults.end();
  provider.release();
  const frozen = world.workers.filter(({ state }) => state === 'frozen');
  if (frozen.length > 0) await sim.pass(3_000);
  for (const worker of frozen) sim.wake(worker);
  for (let round = 0; ; round++) {
    await resume(world);
    await finish(world);
    const { rows } = await world.shared.admin.query<{ id: string }>(
      `select id from broadcasts where attempt > 0 and state not in ('completed', 'cancelled', 'failed')`,
    );
    if (rows.length === 0) return;
    if (round > 3) throw new Error(`broadcasts do not end: ${rows.map(({ id }) => id).join(', ')}`);
    for (const { id } of rows) startRun(world, { retry: id, scope: 'planned' });
  }
}

async function resume(world: World): Promise<void> {
  for (const run of world.runs.filter(({ state, started }) => state === 'running' && started !== null)) {
    const ref = { broadcastId: run.started!.broadcastId, attempt: run.started!.attempt };
    await people(world, (db) => setControl(ref, 'run', db));
    world.oracle.controls.delete(ref.broadcastId);
    run.bell.ring();
  }
}

async function finish(world: World): Promise<void> {
  for (let n = 0; n < LONGEST_END; n++) {
    if (world.runs.every(({ state }) => state !== 'running') && world.tries.size === 0) return;
    if (!(await world.sim.next(DAYS_MS))) break;
    if (n % 200 === 199) await resume(world);
  }
  const open = world.runs.filter(({ state }) => state === 'running').map(({ actor, what }) => `${actor.name} ${what}`);
  const tries = [...world.tries].map(({ actor }) => actor.name);
  if (open.length + tries.length > 0)
    throw new Error(`it does not end: ${[...open, ...tries].join('; ')}\n  ${world.sim.trace.slice(-60).join('\n  ')}`);
}

async function nothingOpen(world: World): Promise<void> {
  const { rows } = await world.shared.admin.query<{ id: string; state: string; fate: string; n: number }>(
    `select b.id, b.state, l.fate, count(*)::integer as n from broadcasts b join broadcast_ledger l on l.broadcast_id = b.id
     where b.attempt > 0 and (l.fate = 'claimed' or (l.fate = 'planned' and b.state <> 'failed')) group by 1, 2, 3`,
  );
  if (rows.length > 0) throw new Error(`ended with recipients left: ${JSON.stringify(rows)}`);
  const unforeseen = world.runs.filter(({ error }) => error !== null && !(error as { code?: unknown }).code);
  if (unforeseen.length > 0)
    throw new Error(`a run failed: ${unforeseen.map(({ error }) => String((error as Error).stack)).join('\n')}`);
}

/** Ends what hangs, so that no session keeps a lock. */
async function close(world: World): Promise<void> {
  const { sim } = world;
  for (const process of [...world.workers, world.temporal, world.town]) sim.stop(process, 'dead');
  for (let n = 0; n < 200 && (await sim.next(0)); n++);
  await sim.quiet();
}
