// Normalisers for imports and for recipient lists: a few threads that take blocks in turn, or the main thread where threads do not pay.
import { Worker } from 'node:worker_threads';
import type { ListPlan } from '../pipelines/audience/list-plan.ts';
import type { CopyBlock } from '../pipelines/staging/copy-text.ts';
import type { BlockNormaliser } from '../pipelines/staging/copy-blocks.ts';
import type { NormalisePlan } from '../pipelines/import/staged-row.ts';
import type { RecordBlock } from '../pipelines/source/record.ts';
import type { TagPlan } from '../pipelines/tags/tag-plan.ts';
import { runBlockJob, type BlockJob } from './block-jobs.ts';
import { unpackError, type PackedError } from './thread-errors.ts';

/** Blocks waiting for each thread. Too low: threads idle while COPY writes; too high: memory for nothing. */
const AHEAD_PER_THREAD = 2;

/** Rows die young: with Node's default a quarter of a thread's time goes into collecting them. Higher costs memory a thread. */
const YOUNG_GENERATION_MB = 32;

type Answer = { ok: true; result: CopyBlock } | { ok: false; error: PackedError };

interface Lane {
  thread: Worker;
  /** Why the thread is no more; what is sent after that is refused. */
  dead: Error | null;
  waiting: { resolve(block: CopyBlock): void; reject(error: Error): void }[];
}

/** Normalises on this thread. For tests, and for files too small to warm up a thread. */
export function inlineNormaliser(plan: NormalisePlan): BlockNormaliser {
  return inline({ kind: 'contacts', plan });
}

/** The same for the lines of a recipient list. */
export function inlineListReader(plan: ListPlan): BlockNormaliser {
  return inline({ kind: 'list', plan });
}

/** The same for tag events. */
export function inlineTagReader(plan: TagPlan): BlockNormaliser {
  return inline({ kind: 'tags', plan });
}

function inline(job: BlockJob): BlockNormaliser {
  return {
    lookahead: 0,
    normalise: async (block) => runBlockJob(job, block),
    close: async () => undefined,
  };
}

/** Normalises on `threads` threads (0: inline). Close it, or the process stays. Needs the compiled tree. */
export function threadedNormaliser(plan: NormalisePlan, threads: number): BlockNormaliser {
  return threaded({ kind: 'contacts', plan }, threads);
}

/** The same for the lines of a recipient list. */
export function threadedListReader(plan: ListPlan, threads: number): BlockNormaliser {
  return threaded({ kind: 'list', plan }, threads);
}

/** The same for tag events. */
export function threadedTagReader(plan: TagPlan, threads: number): BlockNormaliser {
  return threaded({ kind: 'tags', plan }, threads);
}

function threaded(job: BlockJob, threads: number): BlockNormaliser {
  if (threads === 0) return inline(job);
  const lanes = Array.from({ length: threads }, () => openLane(job));
  let turn = 0;
  return {
    lookahead: threads * AHEAD_PER_THREAD,
    normalise: (block) => send(lanes[turn++ % lanes.length]!, block),
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.thread.terminate()));
    },
  };
}

function openLane(job: BlockJob): Lane {
  const thread = new Worker(new URL('./normaliser-thread.js', import.meta.url), {
    workerData: job,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  const lane: Lane = { thread, dead: null, waiting: [] };
  thread.on('message', (answer: Answer) => {
    const next = lane.waiting.shift()!;
    if (answer.ok) next.resolve(answer.result);
    else next.reject(unpackError(answer.error));
  });
  const fail = (error: Error) => {
    lane.dead ??= error;
    for (const next of lane.waiting.splice(0)) next.reject(error);
  };
  thread.on('error', fail);
  thread.on('exit', () => fail(new Error('a normalising thread ended before its work was done')));
  return lane;
}

function send(lane: Lane, block: RecordBlock): Promise<CopyBlock> {
  return new Promise((resolve, reject) => {
    if (lane.dead) return reject(lane.dead);
    lane.waiting.push({ resolve, reject });
    lane.thread.postMessage(block, [block.bytes.buffer as ArrayBuffer]);
  });
}
