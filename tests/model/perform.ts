// Does what a command of the model says, in the world of a run.
import { seededRandom } from '../../simulator/random.ts';
import type { Database } from '../../ports/database.ts';
import { giveUp, setControl, setRateCap } from '../../pipelines/broadcast/control.ts';
import { eraseContact } from '../../pipelines/contacts/erase.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { addSuppressions } from '../../pipelines/suppressions/suppression-store.ts';
import { TEST_KEY } from '../import-harness.ts';
import { actorDatabase } from './actor-database.ts';
import type { Command } from './commands.ts';
import { at, HORIZON_MS, lose, stop, terminate, victim } from './disturb.ts';
import { startRun, type Run } from './runs.ts';
import { putIn, type Worker, type World } from './world.ts';

export async function perform(world: World, what: Command): Promise<void> {
  const { sim } = world;
  switch (what.do) {
    case 'plan':
      startRun(world, { list: [...world.lists.keys()][what.list]!, again: what.again, start: what.start });
      return;
    case 'start': {
      const plan = at(
        world.runs.filter((run) => run.plan !== null),
        what.which,
      )?.plan;
      if (!plan) return;
      const rest = { again: what.again, maxPlanAgeHours: 24 };
      startRun(world, {
        plan: what.by === 'id' ? { broadcastId: plan.broadcastId, ...rest } : { digest: plan.digest, ...rest },
      });
      return;
    }
    case 'retry': {
      const id = at([...world.oracle.attempts.keys()], what.which);
      if (id !== undefined) startRun(world, { retry: id, scope: what.scope });
      return;
    }
    case 'control':
      return wish(world, what.which, what.want);
    case 'cap': {
      const run = running(world, what.which);
      if (run) await people(world, (db) => setRateCap(run.started!.broadcastId, what.perSecond, db));
      return;
    }
    case 'steps':
      sim.random = seededRandom(what.salt);
      for (let n = 0; n < what.n; n++) if (!(await sim.next(HORIZON_MS))) return;
      return;
    case 'answers':
      (what.repeats ? world.provider.repeats : world.provider.script).push(...what.names);
      return;
    case 'release':
      world.provider.release();
      return;
    case 'kill':
    case 'freeze':
      world.disturbed = true;
      return stop(
        world,
        what,
        () => about(world, what.which, what.before),
        (worker) => world.replace(worker),
      );
    case 'wake': {
      const frozen = at(
        world.workers.filter(({ state }) => state === 'frozen'),
        what.which,
      );
      if (!frozen) return;
      // Whoever stands still for less is not missed by anybody.
      await sim.pass(3_000);
      await about(world, what.which, what.before);
      sim.wake(frozen);
      for (let n = 0; n < what.first; n++) if (!(await sim.next(HORIZON_MS, frozen))) return;
      return;
    }
    case 'lose':
      world.disturbed = true;
      return lose(world, what.which);
    case 'abort':
      at(
        [...world.tries].filter(({ lost }) => lost),
        what.which,
      )?.abort.abort(new Error('cancelled'));
      return;
    case 'terminate':
      if (terminate(world, what.which)) world.disturbed = true;
      return;
    case 'failover':
    case 'unforeseen':
      return world.faults.begin(what);
    case 'time':
      return sim.pass(what.ms);
    case 'person':
      return person(world, what.which, what.what);
  }
}

/** The worker that is about to do `before`, once one is; else any. */
function about(world: World, which: number, before: string | null): Promise<Worker> {
  return victim(world, which, before, 40, () => world.sim.next(HORIZON_MS));
}

function running(world: World, n: number): Run | undefined {
  return at(
    world.runs.filter(({ state, started }) => state === 'running' && started !== null),
    n,
  );
}

async function wish(world: World, n: number, want: 'pause' | 'run' | 'cancel' | 'give up'): Promise<void> {
  const run = running(world, n);
  if (!run) return;
  const ref = { broadcastId: run.started!.broadcastId, attempt: run.started!.attempt };
  if (want === 'cancel') run.cancelled = true;
  if (want === 'cancel' || want === 'give up') world.everGivenUp.add(ref.broadcastId);
  await people(
    world,
    async (db) => void (want === 'give up' ? await giveUp(ref, db) : await setControl(ref, want, db)),
  );
  const { rows } = await world.shared.admin.query<{ control: string; give_up: boolean; attempt: number }>(
    'select control, give_up, attempt from broadcasts where id = $1',
    [ref.broadcastId],
  );
  const row = rows[0]!;
  const before = world.oracle.controls.get(ref.broadcastId);
  if (before?.control !== row.control)
    world.oracle.controls.set(ref.broadcastId, { control: row.control, step: world.sim.step });
  if (row.give_up && !world.oracle.givenUp.has(ref.broadcastId))
    world.oracle.givenUp.set(ref.broadcastId, world.sim.step);
  run.bell.ring();
}

/** Something people do, before everything else that waits. What is refused changes nothing. */
export async function people(world: World, work: (db: Database) => Promise<unknown>): Promise<boolean> {
  const { sim } = world;
  const actor = sim.actor('people', world.town);
  let ended: { error: unknown } | null = null;
  sim
    .spawn(actor, () => work(actorDatabase(world.shared.db, sim, actor)))
    .then(
      () => (ended = { error: null }),
      (error: unknown) => (ended = { error }),
    );
  for (let n = 0; ended === null; n++) {
    if (n > 500) throw new Error('what people want takes for ever');
    await sim.next(HORIZON_MS, actor);
  }
  const { error } = ended as { error: unknown };
  if (error instanceof Error && !(error instanceof PipelineError)) throw error;
  return error === null;
}

async function person(world: World, n: number, what: Extract<Command, { do: 'person' }>['what']): Promise<void> {
  const one = at(world.people, n)!;
  const step = (): number => world.sim.step;
  const contact = async (): Promise<string | undefined> => {
    const { rows } = await world.shared.admin.query<{ id: string }>('select id from contacts where social_id = $1', [
      one.socialId,
    ]);
    return rows[0]?.id;
  };
  switch (what) {
    case 'suppress': {
      const address = one.phone ?? one.socialId;
      if (world.kind === 'whatsapp' && one.phone === null) return;
      const scope = {
        channel: n % 3 === 0 ? '*' : world.channel,
        reason: 'asked',
        source: 'people',
        defaultCountry: 'TW',
        psid: false,
      };
      if (await people(world, (db) => addSuppressions(db, TEST_KEY, scope, [address]))) one.suppressed ??= step();
      return;
    }
    case 'unsubscribe':
    case 'block': {
      let changed = 0;
      const set = what === 'block' ? 'blocked_at = sluice_now()' : 'subscribed = false';
      await people(world, async (db) => {
        changed = (await db.query(`update contacts set ${set} where social_id = $1`, [one.socialId])).rowCount;
      });
      if (changed === 0) return;
      if (what === 'block') one.blocked ??= step();
      else one.unsubscribed ??= step();
      return;
    }
    case 'erase': {
      const id = await contact();
      if (id === undefined || !(await people(world, (db) => eraseContact(db, TEST_KEY, id, true)))) return;
      one.erased = step();
      one.again = null;
      return;
    }
    case 'put in': {
      await people(world, (db) => putIn(db, [one]));
      if (one.erased !== null) one.again ??= step();
      return;
    }
  }
}
