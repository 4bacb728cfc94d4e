// The body of a normalising thread: blocks in, COPY text out. Runs in a worker_threads Worker, never on the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { normaliseBlock } from '../pipelines/import/normalise-block.ts';
import { toCopyBlock } from '../pipelines/import/copy-text.ts';
import type { NormalisePlan, RecordBlock } from '../pipelines/import/staged-row.ts';
import { packError } from './thread-errors.ts';

const plan = workerData as NormalisePlan;

parentPort!.on('message', (block: RecordBlock) => {
  try {
    const result = toCopyBlock(normaliseBlock(block, plan));
    parentPort!.postMessage({ ok: true, result }, [result.copyText.buffer as ArrayBuffer]);
  } catch (error) {
    parentPort!.postMessage({ ok: false, error: packError(error) });
  }
});
