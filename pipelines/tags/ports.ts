// What the writers of the tag log need from the outside world. Adapters and the composition root provide it.
import type { Database } from '../../ports/database.ts';
import type { ImportPorts } from '../import/ports.ts';
import type { BlockNormaliser } from '../staging/copy-blocks.ts';
import type { ReportPorts } from '../import/report.ts';
import type { TagImportInput, TagOutcomeCounts } from '../../contracts/tag-import.ts';
import type { ImportRow } from '../import/import-store.ts';
import type { TagPlan, TagProfile } from './tag-plan.ts';

/** The row of an import of tag events. */
export type TagImportRow = ImportRow<TagImportInput, TagProfile, TagOutcomeCounts>;

export interface TagPorts
  extends ReportPorts, Pick<ImportPorts, 'parallel' | 'stageTransactionBytes' | 'stageBlockBytes'> {
  db: Database;
  openTagReader(plan: TagPlan): BlockNormaliser;
  /** Lines in one apply transaction; left out, {@link SLICE_LINES}. */
  tagSliceLines?: number;
}

/**
 * Lines in one transaction that writes to the log. Whoever fixes a watermark waits for it, so it must stay well under 5 s (with
 * 20,000 it took 3 s in a log of 4 million on two cores that had other work to do). Too low: commits dominate.
 */
export const SLICE_LINES = 10_000;
