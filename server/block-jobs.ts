// What a thread may be asked to do with blocks of records: contacts of an import, lines of a recipient list, or tag events. A
// job is plain data, since it crosses to the thread.
import { copyListBlock } from '../pipelines/audience/list-block.ts';
import type { ListPlan } from '../pipelines/audience/list-plan.ts';
import type { CopyBlock } from '../pipelines/staging/copy-text.ts';
import { toCopyBlock } from '../pipelines/import/copy-row.ts';
import { normaliseBlock } from '../pipelines/import/normalise-block.ts';
import type { NormalisePlan } from '../pipelines/import/staged-row.ts';
import type { RecordBlock } from '../pipelines/source/record.ts';
import { copyTagBlock } from '../pipelines/tags/tag-block.ts';
import type { TagPlan } from '../pipelines/tags/tag-plan.ts';

export type BlockJob =
  { kind: 'contacts'; plan: NormalisePlan } | { kind: 'list'; plan: ListPlan } | { kind: 'tags'; plan: TagPlan };

/** The work of a job on one block. Pure. */
export function runBlockJob(job: BlockJob, block: RecordBlock): CopyBlock {
  switch (job.kind) {
    case 'contacts':
      return toCopyBlock(normaliseBlock(block, job.plan));
    case 'list':
      return copyListBlock(block, job.plan);
    case 'tags':
      return copyTagBlock(block, job.plan);
  }
}
