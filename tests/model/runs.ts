// Workflow runs of the model: what workflows/broadcast.ts, plan-steps.ts, deliver-channel.ts, one-pass.ts and settle.ts do, step by step.
import { matchList } from '../../pipelines/audience/match-list.ts';
import { stageList } from '../../pipelines/audience/stage-list.ts';
import { cancelPlanned, setState, settleLook } from '../../pipelines/broadcast/finish.ts';
import { abandonPlan } from '../../pipelines/broadcast/plan-cleanup.ts';
import { freezePlan } from '../../pipelines/broadcast/plan-freeze.ts';
import { registerPlan } from '../../pipelines/broadcast/plan-register.ts';
import { beginPlanStep, planIsFinished } from '../../pipelines/broadcast/plan-store.ts';
import { createContacts, reopenRecipients } from '../../pipelines/broadcast/prepare.ts';
import { startBroadcast, type StartRequest } from '../../pipelines/broadcast/start.ts';
import { readStatus } from '../../pipelines/broadcast/status.ts';
import type { PlanResult, RetryScope } from '../../contracts/broadcast.ts';
import type { Started } from '../../contracts/broadcast-input.ts';
import { planStepNumber, type PlanRef, type PlanStep } from '../../contracts/plan.ts';
import { parsePlanInput, type PlanInput } from '../../contracts/plan-input.ts';
import { deliverBroadcast } from './deliveries.ts';
import type { Actor } from './simulation.ts';
import { activity, Bell, type TryContext } from './temporal.ts';
import type { Ports, World } from './world.ts';

export interface Run {
  workflowId: string;
  runId: string;
  what: string;
  state: 'running' | 'ended' | 'terminated';
  actor: Actor;
  bell: Bell;
  /** Taken by this run. */
  started: Started | null;
  plan: PlanResult | null;
  error: unknown;
  cancelled: boolean;
}

export type Wanted =
  { list: string; again: boolean; start: boolean } | { plan: StartRequest } | { retry: string; scope: RetryScope };

/** Starts a workflow; it goes on as the simulation does. */
export function startRun(world: World, wanted: Wanted): Run {
  const n = world.runs.length + 1;
  const run: Run = {
    workflowId: `workflow/${n}`,
    runId: `run-${n}`,
    what: JSON.stringify(wanted),
    state: 'running',
    actor: world.sim.actor(`run ${n}`, world.temporal),
    bell: new Bell(),
    started: null,
    plan: null,
    error: null,
    cancelled: false,
  };
  world.runs.push(run);
  const over = (error: unknown): void => {
    if (run.state === 'running') run.state = 'ended';
    run.error = error;
    world.sim.trace.push(
      `${world.sim.step} ${run.actor.name} ended${error instanceof Error ? `: ${error.message}` : ''}`,
    );
  };
  world.sim.spawn(run.actor, () => course(world, run, wanted)).then(() => over(null), over);
  return run;
}

async function course(world: World, run: Run, wanted: Wanted): Promise<void> {
  let request: StartRequest;
  if ('list' in wanted) {
    run.plan = await plan(world, run, wanted.list);
    await recut(world, run.plan.broadcastId);
    if (!wanted.start) return;
    request = { digest: run.plan.digest, again: wanted.again, maxPlanAgeHours: 24 };
  } else if ('plan' in wanted) request = wanted.plan;
  else request = { broadcastId: wanted.retry, scope: wanted.scope };
  await broadcast(world, run, request);
}

/** A plan in a run of its own, or the first part of a broadcast. */
async function plan(world: World, run: Run, file: string): Promise<PlanResult> {
  const input = planInput(world, file);
  const { workflowId, runId } = run;
  const step = <T>(name: string, work: (context: TryContext<Ports>) => Promise<T>) => activity(world, name, {}, work);
  const ref = await step('register', ({ ports, control }) =>
    registerPlan(input, { workflowId, runId }, ports, control),
  );
  const fenced = (name: PlanStep, attempt: number): PlanRef => ({ ...ref, step: planStepNumber(name, attempt) });
  try {
    await step('stage', async ({ ports, control, attempt }) => {
      await beginPlanStep(ports.db, fenced('staging', attempt));
      return stageList(fenced('staging', attempt), ports, control);
    });
    await step('match', async ({ ports, control, attempt }) => {
      await beginPlanStep(ports.db, fenced('matching', attempt));
      return matchList(fenced('matching', attempt), ports, control);
    });
    return await step('freeze', async ({ ports, attempt }) => {
      if (!(await planIsFinished(ports.db, ref.broadcastId)))
        await beginPlanStep(ports.db, fenced('freezing', attempt));
      return freezePlan(fenced('freezing', attempt), ports);
    });
  } catch (error) {
    await step('abandon', ({ ports }) => abandonPlan(ports.db, ref.broadcastId, 'It failed.'));
    throw error;
  }
}

function planInput(world: World, csv: string): PlanInput {
  const { setting, personal, kind } = world;
  const text = personal ? 'hello {{name}}' : 'hello';
  return parsePlanInput({
    channel: world.channel,
    csv,
    message: kind === 'line' ? { messages: [{ type: 'text', text }] } : { type: 'text', text: { body: text } },
    onUncertain: setting.onUncertain,
    settleSeconds: setting.settle,
    maxAttempts: setting.maxAttempts,
  });
}

/** Small slices and chunks, so that few recipients make many requests. */
async function recut(world: World, broadcastId: string): Promise<void> {
  const { sliceSize, chunkSize, onUnclear, mode } = world.setting;
  await world.sim.outside(() =>
    world.shared.db.transaction(async (tx) => {
      const { rows } = await tx.query(
        `update broadcasts set slice_size = $2, chunk_size = $3, options = options || jsonb_build_object('onUnclearRefusal', $4::text)
         where id = $1 and attempt = 0 and slice_size > 100 returning id`,
        [broadcastId, sliceSize, mode === 'multicast' ? chunkSize : 1, onUnclear],
      );
      if (rows.length === 0) return;
      await tx.query('delete from broadcast_slices where broadcast_id = $1', [broadcastId]);
      await tx.query(
        `insert into broadcast_slices (broadcast_id, slice, from_ordinal, to_ordinal)
         select b.id, n, n * $2, least((n + 1) * $2, b.recipients)
         from broadcasts b, generate_series(0, (b.recipients + $2::integer - 1) / $2::integer - 1) n where b.id = $1`,
        [broadcastId, sliceSize],
      );
    }),
  );
}

async function broadcast(world: World, run: Run, request: StartRequest): Promise<void> {
  const { workflowId, runId } = run;
  const started = await activity(world, 'start', {}, ({ ports }) =>
    startBroadcast(request, { workflowId, runId }, ports),
  );
  world.oracle.started(run, request, started);
  if (started.runningIn !== null) return;
  run.started = started;
  const ref = { broadcastId: started.broadcastId, attempt: started.attempt };
  const facts = { ...ref, personal: world.personal };
  const step = <T>(name: string, work: (context: TryContext<Ports>) => Promise<T>) =>
    activity(world, `${name} of ${ref.broadcastId}/${ref.attempt}`, facts, work);
  const end = (state: 'completed' | 'cancelled' | 'failed', error: string | null) =>
    step(`end ${state}`, async ({ ports }) => {
      await setState(ref, state, error, ports.db);
      return readStatus(ports.db, ref.broadcastId);
    });
  try {
    if ('scope' in request && request.scope) {
      const { scope } = request;
      await step(`reopen ${scope}`, ({ ports, control }) =>
        reopenRecipients(ref, scope, started.recipients, ports.db, control),
      );
    }
    await step('create', ({ ports, control }) => createContacts(ref, started.recipients, ports, control));
    const delivered = await deliverBroadcast(world, run, ref, step);
    if (delivered.ended === 'cancelled') {
      await step('cancel rest', ({ ports, control }) => cancelPlanned(ref, started.recipients, ports.db, control));
      await end('cancelled', null);
      return;
    }
    if (delivered.ended === 'failed') {
      await end('failed', delivered.problem);
      return;
    }
    for (let lookMs = 10_000; ; lookMs = Math.min(3_600_000, lookMs * 1.5)) {
      run.bell.silence();
      const look = await step('settle', ({ ports }) => settleLook(ref, started.settleSeconds, ports.db));
      if (look.uncertain === 0 || look.leftMs <= 0 || run.cancelled) break;
      await run.bell.sleep(Math.min(lookMs, look.leftMs));
    }
    await end('completed', null);
  } catch (error) {
    await end('failed', String(error)).catch(() => undefined);
    throw error;
  }
}
