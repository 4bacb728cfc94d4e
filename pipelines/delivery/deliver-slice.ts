// One slice of a broadcast, from the ledger to the provider and back: takes it over, sends what is due, says what is left.
import { checkAttempt, superseded } from './broadcast-attempt.ts';
import type { PlanOptions, SliceRef, SliceResult } from '../../contracts/broadcast.ts';
import { compileMessage } from '../../contracts/message-template.ts';
import type { MessageJson } from '../../ports/provider.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { openChunkSender } from './chunk-sender.ts';
import { deliverySql } from './delivery-sql.ts';
import { DeliveryRun } from './delivery-run.ts';
import type { DeliveryPorts, Lane, SliceJob } from './ports.ts';
import { openSingleSender } from './single-sender.ts';

/** Rows that are due again this soon are waited for here; later ones cost less as a timer of the workflow. */
const SOON_MS = 2_000;

interface StoredBroadcast extends Record<string, unknown> {
  key: string;
  attempt: number;
  endpoint: string;
  chunk_size: number;
  message: MessageJson;
  parameter_names: string[];
  options: PlanOptions;
  error: string | null;
}

/**
 * Sends what is due of the slice. Any number of tries, also at the same time, send each recipient once: the try that began
 * last may claim, what older ones had claimed is settled first. Returns instead of waiting more than 10 s.
 * @throws PipelineError `broadcast_superseded`, `slice_unknown`, `secret_missing`
 */
export async function deliverSlice(ref: SliceRef, ports: DeliveryPorts, control: StepControl): Promise<SliceResult> {
  const { job, lane } = await beginSlice(ref, ports);
  const sender = await (job.mode.idempotent ? openChunkSender : openSingleSender)(job, lane, ports);
  for (;;) {
    const run = new DeliveryRun(job, lane, ports, sender, control);
    const stop = await run.run();
    control.signal.throwIfAborted();
    if (stop.stopped === 'superseded') throw superseded(ref.broadcastId);
    if (stop.stopped === 'done' && job.options.onUncertain === 'resend' && !job.mode.idempotent)
      await ports.db.query(deliverySql.resend_uncertain, [
        job.broadcastId,
        job.from,
        job.to,
        job.options.maxAttempts,
        job.slice,
        job.epoch,
      ]);
    // Also where it was stopped: when what is open goes on is asked of the slice's row.
    const left = await finishSlice(job, ports);
    const { stopped } = stop;
    if (stopped === 'failed') return { ...stop, stopped, problem: await problemOf(ref, ports) };
    if (stopped !== 'done') return { ...stop, stopped, problem: null };
    if (left === null || left.done) return { stopped: 'done', nextAt: null, waitMs: null, problem: null };
    const waitMs = left.waitMs ?? SOON_MS;
    if (waitMs > SOON_MS) return { stopped: 'done', nextAt: left.nextMs, waitMs, problem: null };
    await delay(Math.max(1, waitMs), control.signal);
    sender.rewind();
  }
}

async function beginSlice(ref: SliceRef, ports: DeliveryPorts): Promise<{ job: SliceJob; lane: Lane }> {
  const { rows: broadcasts } = await ports.db.query<StoredBroadcast>(
    'select key, attempt, endpoint, chunk_size, message, parameter_names, options, error from broadcasts where id = $1',
    [ref.broadcastId],
  );
  const broadcast = broadcasts[0];
  if (!broadcast || broadcast.attempt !== ref.attempt) throw superseded(ref.broadcastId);
  const lane = await ports.lane(ref.channel, broadcast.endpoint);
  const { rows } = await ports.db.query<{ epoch: number; from_ordinal: number; to_ordinal: number }>(
    deliverySql.begin_slice,
    [ref.broadcastId, ref.slice, ref.attempt],
  );
  const slice = rows[0];
  if (!slice) await checkAttempt(ports.db, ref);
  if (!slice)
    throw new PipelineError('slice_unknown', `Broadcast ${ref.broadcastId} has no slice ${ref.slice}.`, {
      details: { slice: ref.slice },
    });
  const personal = broadcast.parameter_names.length > 0;
  const job = {
    broadcastId: ref.broadcastId,
    broadcastAttempt: ref.attempt,
    key: broadcast.key,
    slice: ref.slice,
    epoch: slice.epoch,
    from: slice.from_ordinal,
    to: slice.to_ordinal,
    // As the plan was frozen: its slices and requests were counted by it.
    mode: { ...lane.provider.mode(personal), chunkSize: broadcast.chunk_size },
    personal,
    render: compileMessage(broadcast.message, broadcast.parameter_names),
    options: broadcast.options,
  };
  return { job, lane };
}

async function finishSlice(
  job: SliceJob,
  ports: DeliveryPorts,
): Promise<{ done: boolean; nextMs: number | null; waitMs: number | null } | null> {
  const { rows } = await ports.db.query<{ done: boolean; next_ms: number | null; wait_ms: number | null }>(
    deliverySql.finish_slice,
    [job.broadcastId, job.slice, job.epoch],
  );
  const row = rows[0];
  if (row?.done) await ports.db.query(deliverySql.keep_slice_counts, [job.broadcastId, job.slice]);
  return row ? { done: row.done, nextMs: row.next_ms, waitMs: row.wait_ms } : null;
}

async function problemOf(ref: SliceRef, ports: DeliveryPorts): Promise<string | null> {
  const { rows } = await ports.db.query<{ error: string | null }>('select error from broadcasts where id = $1', [
    ref.broadcastId,
  ]);
  return rows[0]?.error ?? null;
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
