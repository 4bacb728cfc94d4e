// Fixes what a run counts, before anything is counted: instants of windows, the known-at, and whether it is all there already.
import { setTimeout } from 'node:timers/promises';
import { readChannel } from '../channels/channel-store.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { FrequencyInput, FrequencyPlan, FrequencyResult } from '../../contracts/tag-frequency.ts';
import { requireBusinessZone } from '../lake/business-zone.ts';
import { frequencySql } from './frequency-sql.ts';
import { windowResult } from './frequency-store.ts';
import { knownAnswer } from './known-answer.ts';
import { reportName } from './names.ts';
import type { FrequencyWorld } from './ports.ts';
import { instantUs, isoOfUs, resolveWindow } from './windows.ts';

/** Events lie at most an hour ahead of their recording, so a later as-of only asks for what cannot be there yet. */
const AHEAD_MS = 3_600_000;

/**
 * What the database's clock may be behind others', a schedule's or a person's. Too low: a question about now is refused for their
 * difference; too high: one about a time to come is waited for instead of refused.
 */
const CLOCKS_DIFFER_MS = 60_000;
/** Of that, what the step itself waits; for more it is tried again. Too high: it holds the place of other short steps. */
const WAITED_MS = 5_000;

/**
 * Changes nothing, but for the first one ever, which fixes the business time zone. @throws PipelineError `frequency_input`,
 * `channel_unknown`, `business_time_zone_differs`; `clock_behind`: the database's clock has not come to the known-at, try again
 */
export async function prepareFrequency(
  world: FrequencyWorld,
  input: FrequencyInput,
  asOfMs: number,
): Promise<FrequencyPlan> {
  await requireBusinessZone(world.db, world.timeZone);
  if (input.channel !== null) await readChannel(world.db, input.channel);
  const nowUs = await logNow(world);
  const knownAt = input.knownAt === 'nominal' ? BigInt(asOfMs) * 1000n : input.knownAt && instantUs(input.knownAt);
  refuseAhead('as-of', BigInt(asOfMs) * 1000n, nowUs + BigInt(AHEAD_MS) * 1000n);
  if (knownAt) {
    refuseAhead('known-at', knownAt, nowUs + BigInt(CLOCKS_DIFFER_MS) * 1000n);
    await waitFor(world, knownAt, nowUs);
  }
  const windows = input.windows.map((name) => resolveWindow(name, asOfMs, world.timeZone));
  const knownAtUs = knownAt ? String(knownAt) : null;
  const plan = { asOfMs, knownAtUs, windows };
  return { ...plan, recognised: knownAtUs === null ? null : await recognise(world, input, { ...plan, knownAtUs }) };
}

async function logNow({ db }: FrequencyWorld): Promise<bigint> {
  return BigInt((await db.query<{ now: string }>(frequencySql.log_now)).rows[0]!.now);
}

/** Until the database's clock has passed the known-at: what is recorded from then on lies behind it. */
async function waitFor(world: FrequencyWorld, knownAt: bigint, nowUs: bigint): Promise<void> {
  let now = nowUs;
  const behindMs = () => Number((knownAt - now) / 1000n) + 1;
  if (knownAt >= now && behindMs() <= WAITED_MS) {
    await setTimeout(behindMs());
    now = await logNow(world);
  }
  if (knownAt < now) return;
  throw new PipelineError('clock_behind', `The database's clock is ${behindMs()} ms behind the known-at.`, {
    retry: { afterMs: behindMs() },
    hint: 'It is tried again when it has caught up; keep the clocks of the machines in step.',
  });
}

function refuseAhead(what: string, us: bigint, limit: bigint): void {
  if (us > limit)
    throw new PipelineError('frequency_input', `The ${what} ${isoOfUs(us)} lies in the future.`, {
      hint: `An answer for it could not be had again; give an earlier ${what}, or none for now.`,
    });
}

async function recognise(
  world: FrequencyWorld,
  input: FrequencyInput,
  plan: Omit<FrequencyPlan, 'recognised'> & { knownAtUs: string },
): Promise<FrequencyResult | null> {
  const triple = { channel: input.channel, asOfMs: plan.asOfMs, knownAtUs: plan.knownAtUs };
  const report = reportName(triple, input.windows);
  if (input.report && (await world.reportFolder.fingerprint(report)) === null) return null;
  const windows = await knownAnswer(world, triple, plan.windows, input.formats);
  if (windows === null) return null;
  return {
    asOf: new Date(plan.asOfMs).toISOString(),
    knownAt: isoOfUs(BigInt(plan.knownAtUs)),
    channel: input.channel,
    lakeVersion: windows[0]!.lakeVersion,
    windows: windows.map(windowResult),
    report: input.report ? world.reportFolder.at(report) : null,
    recognised: true,
  };
}
