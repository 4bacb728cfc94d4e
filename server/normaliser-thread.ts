// The body of a normalising thread: blocks in, COPY text out. Runs in a worker_threads Worker, never on the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import type { RecordBlock } from '../pipelines/source/record.ts';
import { runBlockJob, type BlockJob } from './block-jobs.ts';
import { packError } from './thread-errors.ts';

const job = workerData as BlockJob;

parentPort!.on('message', (block: RecordBlock) => {
  try {
    const result = runBlockJob(job, block);
    parentPort!.postMessage({ ok: true, result }, [result.copyText.buffer as ArrayBuffer]);
  } catch (error) {
    parentPort!.postMessage({ ok: false, error: packError(error) });
  }
});
