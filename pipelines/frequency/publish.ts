// Publishes the counted parts of a run: gates first, then whole folders by one rename each, then all windows in one transaction.
import { randomUUID } from 'node:crypto';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { FrequencyResult, PublishRequest, ResolvedWindow } from '../contracts/tag-frequency.ts';
import type { StepControl } from '../import/ports.ts';
import { frequencySql } from './frequency-sql.ts';
import { ALL_CHANNELS, asOfUs, erasedSince, publishedOf, rowsBefore, type Triple } from './frequency-store.ts';
import { refusals, type Gated } from './gates.ts';
import { tripleName, windowFolder } from './names.ts';
import type { FrequencyWorld } from './ports.ts';
import { buildFolder, takePlace, type Manifest } from './result-folder.ts';
import { isoOfUs } from './windows.ts';

interface Total extends Gated {
  times: number;
  checksum: string;
  erasedSince: number;
  files: PublishRequest['parts'][number]['windows'];
}

/**
 * Publishes all windows of a run, or none. Called again after it was killed, it ends the same.
 * @throws PipelineError `gate_failed`: the last published results stay; `not_reproducible`: a bug of ours, nothing is touched
 */
export async function publishFrequency(
  world: FrequencyWorld,
  request: PublishRequest,
  control: StepControl,
): Promise<FrequencyResult> {
  const { input, asOfMs, knownAtUs } = request;
  const triple: Triple = { channel: input.channel, asOfMs, knownAtUs };
  const totals = await Promise.all(
    request.windows.map((window, index) => totalOf(world, request, triple, window, index)),
  );
  await refuseAtGates(world, request, triple, totals);
  await refuseOtherAnswer(world, triple, totals);
  const folders: string[] = [];
  for (const total of totals) folders.push(await placeFolder(world, request, triple, total, control));
  const ids = await record(world, request, triple, totals, folders);
  for (const [index, { window }] of totals.entries()) await makeCurrent(world, triple, window, folders[index]!);
  await world.resultFolder.remove(`.work/${request.work}`);
  return {
    asOf: new Date(asOfMs).toISOString(),
    knownAt: isoOfUs(BigInt(knownAtUs)),
    channel: input.channel,
    lakeVersion: request.lakeVersion,
    windows: totals.map((total, index) => ({
      frequencyId: ids[index]!,
      window: total.window.name,
      from: new Date(total.window.fromMs).toISOString(),
      to: new Date(total.window.toMs).toISOString(),
      rows: total.rows,
      times: total.times,
      checksum: total.checksum,
      folder: folders[index]!,
      erasedSince: total.erasedSince,
    })),
    report: null,
    recognised: false,
  };
}

async function totalOf(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  window: ResolvedWindow,
  index: number,
): Promise<Total> {
  const files = request.parts.map(({ windows }) => windows[index]!);
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
    erasedSince: await erasedSince(world.db, triple, window),
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
    if (!sameSpan || before.checksum === total.checksum || total.erasedSince > before.erasedSince) continue;
    throw new PipelineError(
      'not_reproducible',
      `${total.window.name}: the checksum is ${total.checksum}; the result published for the same as-of and known-at has ${before.checksum}.`,
      { hint: 'Keep the data folder and the log as they are, and report this: it must not happen.' },
    );
  }
}

async function placeFolder(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  total: Total,
  control: StepControl,
): Promise<string> {
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
  return takePlace(world, draft, windowFolder(triple.channel, window.name), tripleName(triple));
}

async function record(
  world: FrequencyWorld,
  request: PublishRequest,
  triple: Triple,
  totals: Total[],
  folders: string[],
): Promise<string[]> {
  const us = (ms: number) => String(BigInt(ms) * 1000n);
  return world.db.transaction(async (tx) => {
    const ids: string[] = [];
    for (const [index, total] of totals.entries()) {
      const { rows } = await tx.query<{ id: string }>(frequencySql.publish, [
        triple.channel ?? ALL_CHANNELS,
        total.window.name,
        us(total.window.fromMs),
        us(total.window.toMs),
        asOfUs(triple),
        triple.knownAtUs,
        request.lakeVersion,
        total.rows,
        total.checksum,
        total.times,
        total.newestUs,
        folders[index],
        total.erasedSince,
      ]);
      ids.push(rows[0]!.id);
    }
    return ids;
  });
}

/** `current` is the newest as-of, not the newest run: a backfill of the past does not move it back. */
async function makeCurrent(
  world: FrequencyWorld,
  triple: Triple,
  window: ResolvedWindow,
  folder: string,
): Promise<void> {
  const parent = windowFolder(triple.channel, window.name);
  const name = folder.slice(parent.length + 1);
  const now = await world.resultFolder.linked(`${parent}/current`);
  if (now === null || now < name) await world.resultFolder.link(`${parent}/current`, name);
}
