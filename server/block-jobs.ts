// What a thread may be asked to do with blocks of records: contacts of an import, or lines of a recipient list. A job is plain
// data, since it crosses to the thread.
import { copyListBlock } from '../pipelines/audience/list-block.ts';
import type { ListPlan } from '../pipelines/audience/list-plan.ts';
import { toCopyBlock, type CopyBlock } from '../pipelines/import/copy-text.ts';
import { normaliseBlock } from '../pipelines/import/normalise-block.ts';
import type { NormalisePlan, RecordBlock } from '../pipelines/import/staged-row.ts';

export type BlockJob = { kind: 'contacts'; plan: NormalisePlan } | { kind: 'list'; plan: ListPlan };

/** The work of a job on one block. Pure. */
export function runBlockJob(job: BlockJob, block: RecordBlock): CopyBlock {
  return job.kind === 'contacts' ? toCopyBlock(normaliseBlock(block, job.plan)) : copyListBlock(block, job.plan);
}
