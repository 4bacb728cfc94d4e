// One course of the model from its first command to its end, with everything looked at in between.
import { seededRandom } from '../../../simulator/random.ts';
import { PipelineError } from '../../../contracts/pipeline-error.ts';
import { verifyLake } from '../../../pipelines/lake/verify.ts';
import type { Command } from './commands.ts';
import { next, perform } from './perform.ts';
import { ResultReader } from './read-results.ts';
import { startRun } from './runs.ts';
import { BEGINNING, type SharedLog } from './shared.ts';
import { Shop, type Setting } from './shop.ts';
import { fileLines } from './file-lines.ts';

/** Things that happen until everything has ended, at most. */
const LONGEST_END = 20_000;
/** Longer than any sleep of a workflow, and than anything that is left for a day. */
const DAYS_MS = 2 * 86_400_000;

export async function runCourse(shared: SharedLog, setting: Setting, course: Command[]): Promise<void> {
  shared.sim.reset();
  await shared.clear();
  const shop = new Shop(shared, setting);
  const check = async (what: string): Promise<void> => {
    await shared.sim.quiet();
    await shop.promises.look();
    await shop.promises.invariants();
    if (shop.wrongs.length > 0)
      throw new Error(
        `after ${what}:\n  ${shop.wrongs.join('\n  ')}\nWhat happened last:\n  ${shared.sim.trace.slice(-80).join('\n  ')}`,
      );
  };
  try {
    await shop.open();
    await prologue(shop);
    await check('the prologue');
    for (const command of course) {
      await perform(shop, command);
      await check(JSON.stringify(command));
    }
    await end(shop, check);
  } finally {
    await close(shop);
  }
}

/** Files that are in, and an answer that is known, before anything goes wrong. */
async function prologue(shop: Shop): Promise<void> {
  const { prologue: wanted } = shop.setting;
  if (wanted === 'nothing') return;
  const rest = { dryRun: false, again: false };
  if (wanted === 'racing') {
    for (const file of shop.files) if (file.kind === 'contacts') startRun(shop, { import: file, tags: 'add', ...rest });
    for (let n = 0; n < 400 && shop.sim.processBefore('slice_create') === null; n++) await next(shop, DAYS_MS);
    return;
  }
  for (const file of shop.files.slice(2, 5))
    startRun(shop, file.kind === 'contacts' ? { import: file, tags: 'add', ...rest } : { import: file, ...rest });
  await finish(shop);
  if (wanted === 'imported') return;
  const asOfMs = BEGINNING.getTime() + shop.sim.now;
  startRun(shop, { frequency: { windows: ['7d', '90d'], formats: ['parquet', 'csv'] }, asOfMs });
  await finish(shop);
}

/** All is well again: what was begun comes to its end; then days pass, and everything left behind is gone. */
async function end(shop: Shop, check: (what: string) => Promise<void>): Promise<void> {
  const { sim } = shop;
  sim.random = seededRandom(1);
  shop.faults.end();
  const frozen = shop.workers.filter(({ state }) => state === 'frozen');
  if (frozen.length > 0) await shop.pass(3_000);
  for (const worker of frozen) sim.wake(worker);
  await finish(shop);
  await check('everything has ended');
  await again(shop);
  await check('all questions are asked once more');
  for (let n = 0; n < 3; n++) {
    startRun(shop, { refresh: 'changed' });
    await finish(shop);
    await check('a refresh at the end');
    await shop.pass(DAYS_MS);
  }
  await again(shop);
  await check('all questions are asked again');
  await shop.promises.published('end');
  await nothingLeft(shop);
  await fileLines(shop);
  await check('the end');
}

async function finish(shop: Shop): Promise<void> {
  for (let n = 0; n < LONGEST_END; n++) {
    if (shop.runs.every(({ state }) => state !== 'running') && shop.tries.size === 0) return;
    if (!(await next(shop, DAYS_MS))) break;
  }
  const open = shop.runs.filter(({ state }) => state === 'running').map(({ actor, what }) => `${actor.name} ${what}`);
  const tries = [...shop.tries].map(({ actor }) => actor.name);
  if (open.length + tries.length > 0)
    throw new Error(`it does not end: ${[...open, ...tries].join('; ')}\n  ${shop.sim.trace.slice(-60).join('\n  ')}`);
}

/** Yesterday's answers can be had again. */
async function again(shop: Shop): Promise<void> {
  for (const { asOf, knownAt, channel, windows } of [...shop.promises.answers]) {
    const names = windows.map(({ window }) => window);
    startRun(shop, { frequency: { asOf, knownAt, channel, windows: names }, asOfMs: 0 });
    await finish(shop);
  }
}

/** Errors that a run may end with. */
const FORESEEN = ['import_running', 'import_superseded', 'import_ended'];

async function nothingLeft(shop: Shop): Promise<void> {
  for (const { actor, what, error } of shop.runs) {
    if (error === null || (error instanceof PipelineError && FORESEEN.includes(error.code))) continue;
    shop.wrong(`${actor.name} ${what} failed: ${String((error as Error).stack)}`);
  }
  const { problems } = await verifyLake(shop.plain(), {
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  for (const problem of problems) shop.wrong(`the lake: ${problem}`);
  const { rows } = await shop.shared.admin.query<{ path: string }>('select path from lake_files');
  const reader = new ResultReader(shop);
  const erased = shop.promises.erasures.map(({ person, contactId }) => ({ socialId: person.socialId, contactId }));
  for (const file of await reader.files()) {
    if (/(^|\/)\./.test(file)) shop.wrong(`left behind: ${file}`);
    else if (file.startsWith('lake/') && !rows.some(({ path }) => `lake/${path}` === file))
      shop.wrong(`nobody's: ${file}`);
    else if (await reader.holds(file, erased, shop.promises.damaged))
      shop.wrong(`${file} holds somebody who was erased`);
  }
}

/** Ends what hangs, so that no session keeps a lock. */
async function close(shop: Shop): Promise<void> {
  const { sim } = shop;
  for (const process of [...shop.workers, shop.temporal, shop.town]) sim.stop(process, 'dead');
  for (let n = 0; n < 300 && (await sim.next(0)); n++);
  await sim.quiet();
  await shop.close();
}
