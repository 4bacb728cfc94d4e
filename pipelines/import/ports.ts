// What the import needs from the outside world, declared by its user. Adapters and the composition root provide it.
import type { SuppressionPads } from '../values/address-hash.ts';
import type { Database } from '../../ports/database.ts';
import type { BlockNormaliser } from '../staging/copy-blocks.ts';
import type { NormalisePlan } from './staged-row.ts';

export interface ImportPorts {
  db: Database;
  /** Folder of spooled files; every worker must see the same one. */
  spoolFolder: string;
  /** Folder for rejects and diffs. */
  reportFolder: string;
  openNormaliser(plan: NormalisePlan): BlockNormaliser;
  suppressionPads(): Promise<SuppressionPads>;
  /**
   * Rows that one apply transaction writes: lines, and their tags. May change while an import runs. Too low: commits dominate; too
   * high: a crash repeats more and locks are held longer.
   */
  sliceLines: number;
  /** Bytes of the spool that go through COPY in one transaction, and in one block; only tests make them small. */
  stageTransactionBytes?: number;
  stageBlockBytes?: number;
  /** Slices, and parts of resolve, that run side by side. Above the number of cores it only adds contention. */
  parallel: number;
}
