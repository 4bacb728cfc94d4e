// One random schedule of crashes, lost answers, pauses, cancels and retries over a broadcast, and what must be true at its end.
import { expect } from 'vitest';
import { seededRandom } from '../../simulator/random.ts';
import type { BroadcastResult } from '../../contracts/broadcast-input.ts';
import { inFlightLimit } from '../../pipelines/delivery/in-flight.ts';
import { addressOf, type BroadcastWorld, type TestList } from '../broadcast-world.ts';
import { until } from '../stack-world.ts';

export type Mode = 'multicast' | 'push' | 'whatsapp';

export interface Storm {
  seed: number;
  mode: Mode;
  /** Keeps addresses and channels of storms apart. */
  number: number;
  /** Round trip of the workers to Postgres, milliseconds. */
  away: number;
}

export interface StormReport {
  seed: number;
  mode: Mode;
  recipients: number;
  /** What was done, and how many recipients were claimed at that moment. */
  hits: { what: string; claimed: number }[];
  uncertain: number;
  uncertainBound: number;
  lostAnswers: number;
  looks: number;
  fates: Record<string, number>;
  away: number;
  /** Started by its list, as from the Temporal UI, instead of a plan. */
  byList: boolean;
}

/** Requests a second: some seconds of sending, so that a schedule has time to hit. */
const RATE = { multicast: 60, push: 400, whatsapp: 400 };
/** Members of a multicast: small, so that there are hundreds of requests to hit. */
const MEMBERS = 8;
const KILLS = ['worker', 'temporal', 'postgres', 'simulator', 'freeze worker'] as const;
const LOSSES = ['accept-then-drop', 'accept-then-500', 'drop-before-accept', 'malformed-200', 'rate-burst'] as const;

export async function runStorm(world: BroadcastWorld, storm: Storm): Promise<StormReport> {
  const random = seededRandom(storm.seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const kind = storm.mode === 'whatsapp' ? 'whatsapp' : 'line';
  const list: TestList = {
    kind,
    personal: storm.mode === 'push',
    recipients: 2_000 + Math.floor(random() * 500),
    from: storm.number * 10_000,
  };
  const channel = `${storm.mode}-${storm.number}`;
  await world.channel(kind, channel, RATE[storm.mode]);
  world.databaseAway(storm.away);
  const byList = random() < 0.5;
  const workflowId = byList ? `broadcast/list-${storm.seed}-${storm.number}` : null;
  const listed = workflowId === null ? null : await startByList(world, channel, list, workflowId);
  const plan = listed ?? (await world.plan(channel, list));
  await shrink(world, plan.broadcastId, storm.mode);
  await world.simulator('DELETE', '/__sim/faults');
  // Slow answers: there are always requests in flight to be hit.
  const slow = { kind: 'slow', provider: kind, ms: 60 + Math.floor(random() * 120) };
  await world.simulator('POST', '/__sim/faults', slow);

  const running = workflowId ?? `broadcast/${plan.broadcastId}/1`;
  const hits: StormReport['hits'] = [];
  const watch = watchConservation(world, plan.broadcastId, plan.recipients);
  let lost = 0;
  const started = listed?.started ?? (await world.start({ plan: plan.digest }, running));
  if (listed !== null) await world.update(running, 'approve');
  const cancels = random() < 0.3;
  const steps = [pick(KILLS), pick(KILLS), pick(KILLS), ...(random() < 0.5 ? ['pause' as const] : [])];
  for (const [index, step] of steps.entries()) {
    const claimed = await moment(world, plan.broadcastId, plan.recipients, (0.1 + index * 0.16) * plan.recipients);
    if (random() < 0.6) {
      const fault = pick(LOSSES);
      await world.simulator('POST', '/__sim/faults', { kind: fault, provider: kind, count: 4 });
      hits.push({ what: fault, claimed });
    }
    if (step === 'simulator') lost += await lostAnswers(world);
    await act(world, step, running, plan.broadcastId);
    hits.push({ what: step, claimed });
    // Faults do not survive the simulator.
    if (step === 'simulator')
      await until('the simulator', 60_000, () => world.simulator('POST', '/__sim/faults', slow));
  }
  if (cancels) {
    hits.push({
      what: 'cancel',
      claimed: await moment(world, plan.broadcastId, plan.recipients, 0.8 * plan.recipients),
    });
    await wish(world, running, plan.broadcastId, 'cancel');
  }
  let ended = await started.result();
  for (let attempt = 2; attempt < 6; attempt++) {
    const scope = scopeLeft(ended);
    if (scope === null) break;
    hits.push({ what: `retry ${scope}`, claimed: 0 });
    const input = { retry: { broadcastId: plan.broadcastId, scope } };
    ended = await (await world.start(input, `broadcast/${plan.broadcastId}/${attempt}`)).result();
  }
  const looks = await watch.stop();
  lost += await lostAnswers(world);
  const kills = hits.filter(({ what }) => (KILLS as readonly string[]).includes(what));
  const uncertainBound = kills.length * inFlightLimit(RATE[storm.mode], SLOWEST_P95_MS) + lost;
  const given = hits.some(({ what }) => what === 'cancel');
  await compare(world, plan.broadcastId, list, { mode: storm.mode, gaveUp: given }, ended, uncertainBound);
  return {
    seed: storm.seed,
    mode: storm.mode,
    recipients: list.recipients,
    hits,
    uncertain: ended.fates.uncertain,
    uncertainBound,
    lostAnswers: lost,
    looks,
    fates: ended.fates,
    away: storm.away,
    byList,
  };
}

/** What the bound of requests in flight may follow: slow answers, a database that is killed, a machine that does all of it at once. */
const SLOWEST_P95_MS = 1_000;

/** A broadcast from a list that waits for approval, so that its slices can be made small. */
async function startByList(world: BroadcastWorld, channel: string, list: TestList, workflowId: string) {
  const started = await world.start({ list: await world.listInput(channel, list) } as never, workflowId);
  const planned = await until(`the plan of ${workflowId}`, 90_000, async () => {
    const { rows } = await world.db.query<{ id: string; digest: string; recipients: number }>(
      'select id, digest, recipients from broadcasts where channel_id = $1 and digest is not null',
      [channel],
    );
    return rows[0] ?? null;
  });
  return { broadcastId: planned.id, digest: planned.digest, recipients: planned.recipients, started };
}

/** Answers that scripted faults have swallowed since the simulator started. */
async function lostAnswers(world: BroadcastWorld): Promise<number> {
  return ((await world.simulator('GET', '/__sim/faults')) as { lostAnswers: number }).lostAnswers;
}

/** Small slices and chunks: hundreds of requests, several slices at once, for a list that takes seconds. */
export async function shrink(world: BroadcastWorld, broadcastId: string, mode: Mode): Promise<void> {
  await world.db.transaction(async (tx) => {
    await tx.query('update broadcasts set slice_size = 300, chunk_size = $2 where id = $1', [
      broadcastId,
      mode === 'multicast' ? MEMBERS : 1,
    ]);
    await tx.query('delete from broadcast_slices where broadcast_id = $1', [broadcastId]);
    await tx.query(
      `insert into broadcast_slices (broadcast_id, slice, from_ordinal, to_ordinal)
       select b.id, n, n * 300, least((n + 1) * 300, b.recipients)
       from broadcasts b, generate_series(0, (b.recipients - 1) / 300) n where b.id = $1`,
      [broadcastId],
    );
  });
}

/** Waits until so many recipients are through and requests are in flight; gives how many are claimed then. */
function moment(world: BroadcastWorld, id: string, recipients: number, settled: number): Promise<number> {
  return until(`broadcast ${id} at ${Math.round(settled)} with requests in flight`, 90_000, async () => {
    const fates = await world.fates(id);
    if (fates.claimed === 0) return null;
    return recipients - fates.planned - fates.claimed >= settled ? fates.claimed : null;
  });
}

/** How long a frozen worker sleeps: past its heartbeat timeout. */
const FREEZE_MS = 8_000;

async function act(
  world: BroadcastWorld,
  step: (typeof KILLS)[number] | 'pause',
  workflowId: string,
  id: string,
): Promise<void> {
  if (step === 'pause') {
    for (const name of ['pause', 'pause', 'resume']) await wish(world, workflowId, id, name);
    return;
  }
  if (step !== 'freeze worker') {
    world.stack.kill(step, 'SIGKILL');
    return;
  }
  world.stack.kill('worker', 'SIGSTOP');
  // The length of the sleep is what is tested.
  await new Promise((resolve) => setTimeout(resolve, FREEZE_MS));
  world.stack.kill('worker', 'SIGCONT');
}

/** What is wished for while the last requests are under way may come after the end; never while somebody is planned. */
async function wish(world: BroadcastWorld, workflowId: string, id: string, name: string): Promise<void> {
  try {
    await world.update(workflowId, name);
  } catch (error) {
    if (!/already completed|has ended/.test(String(error))) throw error;
    const { planned, claimed } = await world.fates(id);
    expect({ name, planned, claimed }).toEqual({ name, planned: 0, claimed: 0 });
  }
}

function scopeLeft({ fates }: BroadcastResult): 'planned' | 'cancelled' | 'failed' | null {
  if (fates.planned > 0) return 'planned';
  if (fates.cancelled > 0) return 'cancelled';
  return fates.rejected > 0 ? 'failed' : null;
}

/** Looks at the ledger all the time: at every look each recipient has exactly one fate, and none is missing. */
function watchConservation(world: BroadcastWorld, id: string, recipients: number): { stop(): Promise<number> } {
  let looks = 0;
  let wrong: string | null = null;
  let stopped = false;
  const look = async (): Promise<void> => {
    while (!stopped) {
      // Postgres may be away.
      const fates = await world.fates(id).catch(() => null);
      if (fates) {
        looks += 1;
        const sum = Object.values(fates).reduce((total, n) => total + n, 0);
        if (sum !== recipients) wrong ??= JSON.stringify(fates);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const looking = look();
  return {
    stop: async () => {
      stopped = true;
      await looking;
      expect(wrong).toBe(null);
      return looks;
    },
  };
}

/** The ledger against what the provider really took, recipient by recipient. */
async function compare(
  world: BroadcastWorld,
  id: string,
  list: TestList,
  { mode, gaveUp }: { mode: Mode; gaveUp: boolean },
  ended: BroadcastResult,
  uncertainBound: number,
): Promise<void> {
  const addresses = Array.from({ length: list.recipients }, (_, n) => addressOf(list, n));
  const truth = await world.truth(addresses);
  const { rows } = await world.db.query<{ address: string; fate: string }>(
    `select r.address, l.fate from broadcast_ledger l join broadcast_recipients r using (broadcast_id, ordinal)
     where broadcast_id = $1`,
    [id],
  );
  expect(rows.length).toBe(list.recipients);
  const wrong = rows
    .map(({ address, fate }) => ({ address, fate, reached: truth.get(address.replace('+', ''))! }))
    .filter(({ fate, reached }) => {
      if (fate === 'accepted') return reached !== 1;
      // On LINE only who cancels leaves anybody uncertain: what nobody knows the end of is given up then.
      return fate === 'uncertain' && (mode === 'whatsapp' || gaveUp) ? reached > 1 : reached !== 0;
    });
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(ended.fates.claimed + ended.fates.planned).toBe(0);
  const chunk = mode === 'multicast' ? MEMBERS : 1;
  expect(ended.fates.uncertain).toBeLessThanOrEqual(mode === 'whatsapp' || gaveUp ? uncertainBound * chunk : 0);
  const { rows: unproved } = await world.db.query<{ n: string }>(
    `select count(*) as n from broadcast_ledger l where l.broadcast_id = $1 and l.fate = 'accepted' and not exists (
       select from broadcast_attempts a
       where a.broadcast_id = l.broadcast_id and a.class = 'accepted' and a.settled
         and a.unit = case when a.chunk then l.chunk_id else l.ordinal end)`,
    [id],
  );
  expect(unproved[0]!.n).toBe('0');
}
