// Fixes what a run counts, before anything is counted: instants of windows, the known-at, and whether it is all there already.
import { readChannel } from '../channels/channel-store.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { FrequencyInput, FrequencyPlan, FrequencyResult } from '../contracts/tag-frequency.ts';
import { frequencySql } from './frequency-sql.ts';
import { windowResult } from './frequency-store.ts';
import { knownAnswer } from './known-answer.ts';
import { reportName } from './names.ts';
import type { FrequencyWorld } from './ports.ts';
import { instantUs, isoOfUs, resolveWindow } from './windows.ts';

/** Events lie at most an hour ahead of their recording, so a later as-of only asks for what cannot be there yet. */
const AHEAD_MS = 3_600_000;

/** @throws PipelineError `frequency_input`, `channel_unknown` */
export async function prepareFrequency(
  world: FrequencyWorld,
  input: FrequencyInput,
  asOfMs: number,
): Promise<FrequencyPlan> {
  if (input.channel !== null) await readChannel(world.db, input.channel);
  const nowUs = BigInt((await world.db.query<{ now: string }>(frequencySql.log_now)).rows[0]!.now);
  const knownAt = input.knownAt === 'nominal' ? BigInt(asOfMs) * 1000n : input.knownAt && instantUs(input.knownAt);
  refuseAhead('as-of', BigInt(asOfMs) * 1000n, nowUs + BigInt(AHEAD_MS) * 1000n);
  if (knownAt) refuseAhead('known-at', knownAt, nowUs);
  const windows = input.windows.map((name) => resolveWindow(name, asOfMs, world.timeZone));
  const knownAtUs = knownAt ? String(knownAt) : null;
  const plan = { asOfMs, knownAtUs, windows };
  return { ...plan, recognised: knownAtUs === null ? null : await recognise(world, input, { ...plan, knownAtUs }) };
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
