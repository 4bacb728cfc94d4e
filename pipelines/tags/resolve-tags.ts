// Resolve: gives every staged line exactly one outcome, before anything changes. Whether an event is in the log already shows
// only when it is written; a dry run looks.
import type { Queryable } from '../../ports/database.ts';
import type { ImportRef } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import {
  emptyTagOutcomes,
  type TagImportInput,
  type TagOutcome,
  type TagOutcomeCounts,
} from '../../contracts/tag-import.ts';
import { importSql } from '../import/import-sql.ts';
import { lockImport, readImport } from '../import/import-store.ts';
import type { StepControl } from '../../ports/step-control.ts';
import { inPart } from '../import/resolve.ts';
import type { TagImportRow, TagPorts } from './ports.ts';
import type { TagProfile } from './tag-plan.ts';
import { forTags, tagsSql } from './tags-sql.ts';

/** Lines from which parts are judged side by side. Below, a second connection costs more than it brings. */
const PARTS_FROM_LINES = 10_000;

export interface TagResolveResult {
  lines: number;
  outcomes: TagOutcomeCounts;
  /** More lines are invalid than the import allows: nothing may be applied. */
  rejected: boolean;
}

/** The row of an import of tag events. @throws PipelineError `import_unknown` */
export function readTagImport(db: Queryable, importId: string): Promise<TagImportRow> {
  return readImport<TagImportInput, TagProfile, TagOutcomeCounts>(db, importId);
}

/**
 * Judges all lines of a staged import. Calling it again starts over, unless slices have been applied: then what was resolved
 * stands. @throws PipelineError `import_superseded`, `import_unbalanced`
 */
export async function resolveTags(
  ref: ImportRef,
  ports: TagPorts,
  { signal }: Pick<StepControl, 'signal'>,
): Promise<TagResolveResult> {
  const { db } = ports;
  const row = await db.transaction(async (tx) => {
    const locked = await lockImport<TagImportInput, TagProfile, TagOutcomeCounts>(tx, ref, 'update');
    if (locked.outcomes === null) await tx.query('delete from import_lines where import_id = $1', [ref.importId]);
    return locked;
  });
  if (row.outcomes === null) {
    await judge(row, ref, ports, signal);
    await db.query(importSql.analyze_lines);
    if (row.dryRun) await markKnown(ref, ports, signal);
  }
  // Once slices are applied the lines on record say more than resolve did; what it decided stands.
  const outcomes = row.outcomes ?? (await countTagOutcomes(db, ref.importId));
  const lines = sumOf(outcomes);
  if (lines !== row.stagedLines) throw unbalanced(row, lines);
  await db.transaction(async (tx) => {
    await lockImport(tx, ref, 'update');
    await tx.query('update imports set outcomes = $2, updated_at = sluice_now() where id = $1', [
      ref.importId,
      JSON.stringify(outcomes),
    ]);
  });
  const rejected = row.stagedLines > 0 && outcomes.invalid / row.stagedLines > row.options.maxInvalid;
  return { lines, outcomes: { ...emptyTagOutcomes(), ...outcomes }, rejected };
}

export function unbalanced(row: Pick<TagImportRow, 'importId' | 'stagedLines'>, lines: number): PipelineError {
  return new PipelineError(
    'import_unbalanced',
    `Import ${row.importId}: ${row.stagedLines} lines, ${lines} outcomes.`,
    { hint: 'Please report this. The import stays open; it can be started again.' },
  );
}

export function sumOf(outcomes: TagOutcomeCounts): number {
  return Object.values(outcomes).reduce((sum, count) => sum + count, 0);
}

async function judge(row: TagImportRow, ref: ImportRef, ports: TagPorts, signal: AbortSignal): Promise<void> {
  const { matchBy } = row.profile.plan;
  const statement = forTags('resolve', ref.importId, matchBy === 'email' ? 'email_key' : matchBy);
  const parts = row.stagedLines > PARTS_FROM_LINES ? ports.parallel : 1;
  const ended = await Promise.allSettled([
    inPart(ports.db, ref, signal, (tx) => tx.query(forTags('resolve_invalid', ref.importId), [ref.importId])),
    ...Array.from({ length: parts }, (_, number) =>
      inPart(ports.db, ref, signal, (tx) => tx.query(statement, [ref.importId, number, parts])),
    ),
  ]);
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
}

async function markKnown(ref: ImportRef, ports: TagPorts, signal: AbortSignal): Promise<void> {
  for (let retractions = 0, again = true; again; retractions += 1) {
    await inPart(ports.db, ref, signal, async (tx) => {
      const { rows } = await tx.query<{ retracted: number }>(forTags('mark_known', ref.importId), [
        ref.importId,
        retractions,
      ]);
      again = rows[0]!.retracted > 0;
    });
  }
}

/** Whether the log holds any retraction: only then must known events be looked at for one. */
export async function anyRetraction(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(tagsSql.any_retraction);
  return rows[0]!.found;
}

/** Lines by outcome, as they stand. */
export async function countTagOutcomes(db: Queryable, importId: string): Promise<TagOutcomeCounts> {
  const { rows } = await db.query<{ outcome: TagOutcome; lines: string }>(importSql.count_outcomes, [importId]);
  const counts = emptyTagOutcomes();
  for (const row of rows) counts[row.outcome] = Number(row.lines);
  return counts;
}
