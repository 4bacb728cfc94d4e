// Where a course begins: most of what can go wrong does so late, or after several things in a row that chance seldom brings together.
import { RETRY_SCOPES } from '../../contracts/broadcast.ts';
import { perform } from './perform.ts';
import { startRun, type Run } from './runs.ts';
import type { Process } from './simulation.ts';
import type { Worker, World } from './world.ts';

/**
 * `matching`: a list is read, and not yet compared with the contacts. `left`: people whom the plan did not know have been put in by
 * an import, and erased or suppressed, before anything was started. `sending`: the first slices ask for slots. `overtaken`: a try
 * of a slice that took it over stands still in the middle of that. `retried`: a retry that was about to put recipients back stands
 * still, and another one has begun.
 */
export const PROLOGUES = [
  'nothing',
  'matching',
  'planned',
  'left',
  'started',
  'sending',
  'overtaken',
  'retried',
] as const;
export type Prologue = (typeof PROLOGUES)[number];

/** Longer than any sleep of a workflow. */
const DAYS_MS = 2 * 86_400_000;
const MOST_STEPS = 1_500;

export async function prologue(world: World): Promise<void> {
  const { prologue: how, script, repeats } = world.setting;
  const list = [...world.lists.keys()][0]!;
  if (how === 'matching') {
    startRun(world, { list, start: true, again: false });
    await before(world, 'has_suppressions');
  }
  if (how !== 'nothing' && how !== 'matching') {
    const planned = startRun(world, { list, start: false, again: false });
    await ended(world, planned);
    if (planned.plan === null) throw new Error('the first plan failed', { cause: planned.error });
    if (how === 'left') await left(world);
    if (how !== 'planned' && how !== 'left') {
      const run = startRun(world, { plan: { digest: planned.plan.digest, again: false, maxPlanAgeHours: 24 } });
      if (how !== 'started') await before(world, 'lease_slots');
      world.provider.script.push(...script);
      if (how === 'overtaken') await overtaken(world);
      if (how === 'retried') await retried(world, run, planned.plan.broadcastId);
    }
  }
  world.provider.script = [...script];
  world.provider.repeats = [...repeats];
}

async function left(world: World): Promise<void> {
  for (const { n } of world.people.filter(({ known }) => !known).slice(0, 4)) {
    await perform(world, { do: 'person', which: n, what: 'put in' });
    await perform(world, { do: 'person', which: n, what: n % 2 === 0 ? 'erase' : 'suppress' });
  }
}

async function ended(world: World, run: Run): Promise<void> {
  for (let n = 0; n < MOST_STEPS && run.state === 'running'; n++) if (!(await world.sim.next(DAYS_MS))) return;
}

/** Until some worker is about to do that. */
async function before(world: World, ...labels: string[]): Promise<Process | null> {
  for (let n = 0; n < MOST_STEPS; n++) {
    await world.sim.quiet();
    for (const label of labels) {
      const found = world.sim.processBefore(label);
      if (found && world.workers.includes(found as Worker)) return found;
    }
    if (!(await world.sim.next(DAYS_MS))) return null;
  }
  return null;
}

/** Nobody hears of what that worker does any more, until it wakes. */
function standStill(world: World, process: Process, label: string): void {
  world.disturbed = true;
  world.sim.stop(process, 'frozen', label);
  for (const one of world.tries) if (one.actor.process === process) one.lose();
}

async function overtaken(world: World): Promise<void> {
  for (let n = 0; n < world.setting.seed % 30; n++) await world.sim.next(0);
  world.disturbed = true;
  const slices = [...world.tries].filter(({ actor }) => actor.facts['slice'] !== undefined);
  for (const one of slices) one.lose();
  const resends = world.kind !== 'line' && world.setting.onUncertain === 'resend' && world.setting.seed % 3 > 0;
  const label = world.kind === 'line' ? 'take_chunks' : resends ? 'resend_uncertain' : 'abandon_claims';
  const process = await before(world, label);
  if (!process) return;
  standStill(world, process, label);
  // What it was about to put back is there still while its successor begins.
  if (resends) await before(world, 'abandon_claims');
}

async function retried(world: World, run: Run, id: string): Promise<void> {
  const scope = RETRY_SCOPES[1 + (world.setting.seed % 3)]!;
  if (scope === 'cancelled') {
    for (let n = 0; n < world.setting.seed % 50; n++) await world.sim.next(0);
    await perform(world, { do: 'control', which: 0, want: 'cancel' });
  }
  await ended(world, run);
  const retry = startRun(world, { retry: id, scope });
  const process = await before(world, 'reopen_recipients');
  if (!process) return;
  standStill(world, process, 'reopen_recipients');
  await perform(world, {
    do: 'terminate',
    which: world.runs.filter(({ state }) => state === 'running').indexOf(retry),
  });
  startRun(world, { retry: id, scope: 'planned' });
}
