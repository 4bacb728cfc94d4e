// Publishes the counted parts of a run: whoever was erased since is left out, gates, whole folders by one rename each, then all windows
// in one transaction.
import { randomUUID } from 'node:crypto';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type {
  FrequencyResult,
  FrequencyWindowResult,
  PartCount,
  PublishRequest,
  ResolvedWindow,
} from '../../contracts/tag-frequency.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { fixErasures } from '../lake/erased.ts';
import { readVersion } from '../lake/manifest.ts';
import { frequencySql } from './frequency-sql.ts';
import {
  ALL_CHANNELS,
  asOfUs,
  erasedIn,
  publishedOf,
  rowsBefore,
  windowResult,
  type Triple,
} from './frequency-store.ts';
import { refusals, type Gated } from './gates.ts';
import { knownAnswer } from './known-answer.ts';
import { leaveOut } from './leave-out.ts';
import type { FrequencyWorld } from './ports.ts';
import { makeCurrent, recordResults, type Draft } from './record-results.ts';
import { buildFolder } from './result-folder.ts';
import type { Manifest } from './manifest.ts';
import { scrubErased } from './scrub.ts';
import { isoOfUs } from './windows.ts';

/**
 * Times that whoever was erased meanwhile is left out before it is published nevertheless: the next scrub takes them out, and until
 * then nobody is answered with it. Each takes the part of a second; more means that people are erased without a pause.
 */
const ROUNDS = 20;

interface Total extends Gated {
  times: number;
  checksum: string;
  erasedSince: number;
  files: PublishRequest['parts'][number]['windows'];
}

/**
 * Publishes all windows of a run, or none. Called again after it was killed, after its last step too, it ends the same.
 * @throws PipelineError `gate_failed`: the last published results stay; `not_reproducible`: a bug of ours, nothing is touched;
 * `lake_version_gone`: the parts are gone and nothing is published, count again
 */
export async function publishFrequency(
  world: FrequencyWorld,
  request: PublishRequest,
  control: StepControl,
): Promise<FrequencyResult> {
  const triple: Triple = { channel: request.input.channel, asOfMs: request.asOfMs, knownAtUs: request.knownAtUs };
  if (!(await partsThere(world, request))) return publishedBefore(world, request, triple, control);
  try {
    return await publishParts(world, request, triple, control);
  } catch (error) {
    const missing = error instanceof PipelineError && error.code === 'lake_file_missing';
    // A try beside this one, which may have begun later, has published everything and removed the work of both.
    if (!missing || (await partsThere(world, request))) throw error;
    return publishedBefore(world, request, triple, control);
  }
}

async function publishParts(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  control: StepControl,
): Promise<FrequencyResult> {
  let { parts } = request;
  let after = (await readVersion(world.db, request.lakeVersion))?.erasedThrough ?? '0';
  for (let round = 1; ; round += 1) {
    const through = await fixErasures(world.db);
    const span = { after, through };
    const look = () => Promise.all(request.windows.map((window) => erasedIn(world.db, triple, window, span)));
    const erased = await look();
    if (isForgotten(erased)) throw partsGone();
    const touched = erased.map(({ newer }) => newer > 0);
    parts = await leaveOut(world, request, parts, touched, span, control);
    // A refresh beside may have forgotten them before they were read: then somebody was not left out.
    if (touched.includes(true) && isForgotten(await look())) throw partsGone();
    after = through;
    const totals: Total[] = [];
    for (const [index, window] of request.windows.entries())
      totals.push(await totalOf(world, parts, triple, window, index, erased[index]!.since));
    await refuseAtGates(world, request, triple, totals);
    await refuseOtherAnswer(world, triple, totals);
    const drafts: Draft[] = [];
    for (const total of totals) drafts.push(await buildDraft(world, request, triple, total, control));
    const run = { triple, lakeVersion: request.lakeVersion, erasedThrough: through, drafts };
    const windows = await recordResults(world, run, round === ROUNDS);
    if (windows === null) continue;
    return ended(world, request, triple, windows);
  }
}

/** Whether of some who were erased it is no longer known who they were: a day after it, nobody can leave them out of older parts. */
const isForgotten = (erased: { unknown: number }[]): boolean => erased.some(({ unknown }) => unknown > 0);

/** What is left when all is known: `current`, and the folder of work. */
async function ended(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  windows: FrequencyWindowResult[],
): Promise<FrequencyResult> {
  await makeCurrent(world, triple, windows);
  await world.resultFolder.remove(`.work/${request.work}`);
  return {
    asOf: new Date(triple.asOfMs).toISOString(),
    knownAt: isoOfUs(BigInt(triple.knownAtUs)),
    channel: triple.channel,
    lakeVersion: request.lakeVersion,
    windows,
    report: null,
    recognised: false,
  };
}

async function partsThere(world: FrequencyWorld, { work, windows, parts }: PublishRequest): Promise<boolean> {
  const there = new Set<string>();
  for (const index of windows.keys())
    for (const { name } of await world.resultFolder.list(`.work/${work}/${index}`))
      there.add(`.work/${work}/${index}/${name}`);
  return parts.every((part) => part.windows.every(({ file }) => there.has(file)));
}

/** Another try had published everything; it was killed while it removed the work or before it could say so, or is said to be lost. */
async function publishedBefore(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  control: StepControl,
): Promise<FrequencyResult> {
  const known = () => knownAnswer(world, triple, request.windows, request.input.formats);
  let windows = await known();
  if (windows === null) {
    await scrubErased(world, control);
    windows = await known();
  }
  if (windows === null) throw partsGone();
  return ended(world, request, triple, windows.map(windowResult));
}

const partsGone = () =>
  new PipelineError('lake_version_gone', 'The counted parts of the run are no longer there.', {
    hint: 'They are counted again.',
  });

async function totalOf(
  world: FrequencyWorld,
  parts: readonly PartCount[],
  triple: Triple,
  window: ResolvedWindow,
  index: number,
  erasedSince: number,
): Promise<Total> {
  const files = parts.map(({ windows }) => windows[index]!);
  const sum = (of: (file: (typeof files)[number]) => number) => files.reduce((total, file) => total + of(file), 0);
  const newest = files.flatMap(({ newestUs }) => (newestUs === null ? [] : [BigInt(newestUs)]));
  return {
    window,
    files,
    rows: sum(({ rows }) => rows),
    times: sum(({ times }) => times),
    nulls: sum(({ nulls }) => nulls),
    newestUs: newest.length === 0 ? null : String(newest.reduce((a, b) => (a > b ? a : b))),
    checksum: String(
      BigInt.asUintN(
        64,
        files.reduce((total, { checksum }) => total + BigInt(checksum), 0n),
      ),
    ),
    before: await rowsBefore(world.db, triple, window),
    erasedSince,
  };
}

async function refuseAtGates(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  totals: Total[],
): Promise<void> {
  const found = refusals(totals, request.asOfMs, request.input);
  if (found.length === 0) return;
  for (const { window, gate, reason } of found)
    await world.db.query(frequencySql.refuse, [
      triple.channel ?? ALL_CHANNELS,
      window,
      asOfUs(triple),
      triple.knownAtUs,
      gate,
      reason,
    ]);
  await world.resultFolder.remove(`.work/${request.work}`);
  const reasons = found.map(({ window, gate, reason }) => `${window}: ${reason} (${gate})`).join('; ');
  throw new PipelineError('gate_failed', `Nothing was published, the last results stay. ${reasons}.`, {
    hint: 'Look at the tag log; when the numbers are right, run it once with wider gates.',
    details: { gates: found.map(({ gate }) => gate).join(',') },
  });
}

/** One triple has one answer, unless people were erased. */
async function refuseOtherAnswer(world: FrequencyWorld, triple: Triple, totals: Total[]): Promise<void> {
  const published = await publishedOf(
    world.db,
    triple,
    totals.map(({ window }) => window),
  );
  for (const total of totals) {
    const before = published.find(({ window }) => window === total.window.name);
    const sameSpan = before && Date.parse(before.from) === total.window.fromMs;
    // Whoever is still in that one was erased since: it gives way.
    if (!sameSpan || before.checksum === total.checksum || before.behind) continue;
    throw new PipelineError(
      'not_reproducible',
      `${total.window.name}: the checksum is ${total.checksum}; the result published for the same as-of and known-at has ${before.checksum}.`,
      { hint: 'Keep the data folder and the log as they are, and report this: it must not happen.' },
    );
  }
}

async function buildDraft(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  total: Total,
  control: StepControl,
): Promise<Draft> {
  const { window, rows, times, checksum } = total;
  const manifest: Omit<Manifest, 'files'> = {
    window: window.name,
    from: new Date(window.fromMs).toISOString(),
    to: new Date(window.toMs).toISOString(),
    asOf: new Date(triple.asOfMs).toISOString(),
    knownAt: isoOfUs(BigInt(triple.knownAtUs)),
    channel: triple.channel,
    timeZone: world.timeZone,
    lakeVersion: request.lakeVersion,
    rows,
    times,
    checksum,
    erasedSince: total.erasedSince,
  };
  const draft = `.work/${request.work}/publish-${randomUUID()}`;
  await buildFolder(world, draft, total.files, request.input.formats, manifest, control);
  return { ...total, draft };
}
