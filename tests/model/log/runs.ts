// Workflow runs of the model: what workflows/import-contacts.ts, import-tags.ts and tag-frequency.ts do, step by step; and a refresh.
import { PipelineError } from '../../../contracts/pipeline-error.ts';
import {
  parseImportInput,
  stepNumber,
  type ImportRef,
  type ImportResult,
  type ImportStep,
} from '../../../contracts/import.ts';
import { parseTagImportInput, type TagImportResult } from '../../../contracts/tag-import.ts';
import {
  parseFrequencyInput,
  partsFor,
  type FrequencyInput,
  type FrequencyResult,
} from '../../../contracts/tag-frequency.ts';
import { countPart } from '../../../pipelines/frequency/count-part.ts';
import { prepareFrequency } from '../../../pipelines/frequency/prepare.ts';
import { publishFrequency } from '../../../pipelines/frequency/publish.ts';
import { bringUpToDate } from '../../../pipelines/frequency/scrub.ts';
import { applySlices } from '../../../pipelines/import/apply.ts';
import { beginStep } from '../../../pipelines/import/import-store.ts';
import { registerImport } from '../../../pipelines/import/register.ts';
import { reportImport, stopImport } from '../../../pipelines/import/report.ts';
import { resolveLines } from '../../../pipelines/import/resolve.ts';
import { stageLines } from '../../../pipelines/import/stage.ts';
import { applyTags } from '../../../pipelines/tags/apply-tags.ts';
import { registerTags } from '../../../pipelines/tags/register-tags.ts';
import { reportTags, stopTags } from '../../../pipelines/tags/report-tags.ts';
import { resolveTags } from '../../../pipelines/tags/resolve-tags.ts';
import { stageTags } from '../../../pipelines/tags/stage-tags.ts';
import type { Actor } from '../simulation.ts';
import { activity, type TryContext } from '../temporal.ts';
import type { ContactFile, TagFile } from './people.ts';
import type { Ports, Shop } from './shop.ts';

export type Wanted =
  | { import: ContactFile; tags: 'add' | 'replace' | 'remove'; dryRun: boolean; again: boolean }
  | { import: TagFile; dryRun: boolean; again: boolean }
  | { frequency: Partial<FrequencyInput>; asOfMs: number }
  | { refresh: 'changed' | 'anew' };

export interface Run {
  workflowId: string;
  runId: string;
  wanted: Wanted;
  what: string;
  state: 'running' | 'ended' | 'terminated';
  actor: Actor;
  /** Step at which it began. */
  since: number;
  error: unknown;
}

type Context = TryContext<Ports>;
type Step = <T>(name: string, work: (context: Context) => Promise<T>) => Promise<T>;

/** Versions of the lake that may go away under a run, as the workflow has it. */
const VERSIONS = 3;

/** Starts a workflow; it goes on as the simulation does. */
export function startRun(shop: Shop, wanted: Wanted): Run {
  const n = shop.runs.length + 1;
  const what =
    'import' in wanted ? `import ${wanted.import.name}${wanted.dryRun ? ', dry' : ''}` : JSON.stringify(wanted);
  const run: Run = {
    workflowId: `workflow/${n}`,
    runId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    wanted,
    what,
    state: 'running',
    actor: shop.sim.actor(`run ${n}`, shop.temporal),
    since: shop.sim.step,
    error: null,
  };
  shop.runs.push(run);
  const over = (error: unknown): void => {
    if (run.state === 'running') run.state = 'ended';
    run.error = error;
    const { sim } = shop;
    sim.trace.push(`${sim.step} ${run.actor.name} ended${error instanceof Error ? `: ${error.message}` : ''}`);
  };
  shop.sim.spawn(run.actor, () => course(shop, run, wanted)).then(() => over(null), over);
  return run;
}

async function course(shop: Shop, run: Run, wanted: Wanted): Promise<void> {
  const step: Step = (name, work) => activity(shop, `${name} of ${run.actor.name}`, { run, name }, work);
  if ('refresh' in wanted) {
    await step('refresh', ({ ports, control }) => bringUpToDate(ports.frequency, wanted.refresh === 'anew', control));
    shop.promises.refreshed(run);
  } else if ('frequency' in wanted) await frequency(shop, run, wanted, step);
  else if (wanted.import.kind === 'contacts') await importContacts(shop, run, wanted as ContactImport, step);
  else await importTags(shop, run, wanted as TagImport, step);
}

type ContactImport = Extract<Wanted, { tags: string }>;
type TagImport = Exclude<Extract<Wanted, { import: unknown }>, ContactImport>;

/** A step of an import, fenced to its try. */
const fenced =
  (step: Step, ref: ImportRef) =>
  <T>(name: ImportStep, work: (own: ImportRef, context: Context) => Promise<T>): Promise<T> =>
    step(name, async (context) => {
      const own = { ...ref, step: stepNumber(name, context.attempt) };
      await beginStep(context.ports.db, own, name);
      return work(own, context);
    });

const given = { channel: 'line', maxInvalid: 1 };

async function importContacts(shop: Shop, run: Run, wanted: ContactImport, step: Step): Promise<void> {
  const { import: file, tags, dryRun, again } = wanted;
  const input = parseImportInput({ ...given, file: `${shop.folder}/${file.name}`, tags, dryRun, again });
  const steps: Steps = {
    register: ({ ports, control }) =>
      registerImport(input, run, ports, ports.registerSteps(input, control.signal, control.onProgress)),
    stage: (mine, { ports, control }) => stageLines(mine, ports, ports.openSpool, control),
    resolve: (mine, { ports, control }) => resolveLines(mine, ports, control),
    apply: (mine, { ports, control }) => applySlices(mine, ports, control),
    report: (ref, outcome, ports) => reportImport(ref, outcome, ports),
    stop: (ref, db) => stopImport(ref, 'failed', 'It failed.', db),
  };
  await importFile(shop, run, wanted, steps, step);
}

async function importTags(shop: Shop, run: Run, wanted: TagImport, step: Step): Promise<void> {
  const { import: file, dryRun, again } = wanted;
  const input = parseTagImportInput({ ...given, file: `${shop.folder}/${file.name}`, dryRun, again });
  const steps: Steps = {
    register: ({ ports, control }) =>
      registerTags(input, run, ports, ports.tagRegisterSteps(input, control.signal, control.onProgress)),
    stage: (mine, { ports, control }) => stageTags(mine, ports, control),
    resolve: (mine, { ports, control }) => resolveTags(mine, ports, control),
    apply: (mine, { ports, control }) => applyTags(mine, ports, control),
    report: (ref, outcome, ports) => reportTags(ref, outcome, ports),
    stop: (ref, db) => stopTags(ref, 'failed', 'It failed.', db),
  };
  await importFile(shop, run, wanted, steps, step);
}

type Own<T> = (mine: ImportRef, context: Context) => Promise<T>;

/** What imports of both kinds do, by the names of their workflow's steps. */
interface Steps {
  register: (context: Context) => Promise<ImportRef & { recognised: unknown }>;
  stage: Own<unknown>;
  resolve: Own<{ rejected: boolean }>;
  apply: Own<unknown>;
  report: (ref: ImportRef, outcome: 'done' | 'rejected', ports: Ports) => Promise<ImportResult | TagImportResult>;
  stop: (ref: ImportRef, db: Ports['db']) => Promise<unknown>;
}

async function importFile(
  shop: Shop,
  run: Run,
  { import: file, dryRun }: ContactImport | TagImport,
  steps: Steps,
  step: Step,
): Promise<void> {
  const registered = await step('inspect', steps.register);
  if (registered.recognised) return;
  shop.promises.began(run, registered.importId);
  const ref = { importId: registered.importId, attempt: registered.attempt };
  const own = fenced(step, ref);
  try {
    await own('staging', steps.stage);
    const { rejected } = await own('resolving', steps.resolve);
    if (!rejected && !dryRun) await own('applying', steps.apply);
    const result = await step('report', ({ ports }) => steps.report(ref, rejected ? 'rejected' : 'done', ports));
    shop.promises.imported(run, file, result);
  } catch (error) {
    await step('stop', ({ ports }) => steps.stop(ref, ports.db)).catch(() => undefined);
    throw error;
  }
}

async function frequency(
  shop: Shop,
  run: Run,
  wanted: Extract<Wanted, { frequency: unknown }>,
  step: Step,
): Promise<void> {
  const input = parseFrequencyInput({ report: false, ...wanted.frequency });
  const asOf = input.asOf === null ? wanted.asOfMs : Date.parse(input.asOf);
  const plan = await step('prepare', async ({ ports, actor }) => {
    const prepared = await prepareFrequency(ports.frequency, input, asOf);
    if (prepared.recognised) shop.promises.recognised(actor, prepared.recognised);
    return prepared;
  });
  if (plan.recognised) return;
  for (let version = 1; ; version += 1)
    try {
      return void (await counted(shop, run, input, plan, step));
    } catch (error) {
      if (error instanceof PipelineError && error.code === 'lake_version_gone' && version < VERSIONS) continue;
      throw error;
    }
}

async function counted(
  shop: Shop,
  run: Run,
  input: FrequencyInput,
  plan: Awaited<ReturnType<typeof prepareFrequency>>,
  step: Step,
): Promise<FrequencyResult> {
  const lake = await step('refresh', ({ ports, control }) => bringUpToDate(ports.frequency, false, control));
  const { asOfMs, windows } = plan;
  const knownAtUs = (plan.knownAtUs ??= lake.watermarkUs);
  const scope = { work: run.runId, lakeVersion: lake.version, knownAtUs, channel: input.channel, windows };
  const of = partsFor(lake.rows, input.fanOut);
  const parts = await Promise.all(
    Array.from({ length: of }, (_, part) =>
      step(`count ${part}`, ({ ports, control }) => countPart(ports.frequency, { ...scope, part, parts: of }, control)),
    ),
  );
  const result = await step('publish', ({ ports, control }) =>
    publishFrequency(ports.frequency, { ...scope, input, asOfMs, parts }, control),
  );
  shop.promises.answered(result);
  return result;
}
