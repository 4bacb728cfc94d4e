// Resolve: gives every staged line exactly one outcome, before anything changes.
import type { ImportRef, OutcomeCounts } from '../../contracts/import.ts';
import { emptyOutcomes, type ImportOutcome } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { Database, Queryable } from '../../ports/database.ts';
import { forImport, importSql } from './import-sql.ts';
import { lockImport, readImport, type ImportRow } from './import-store.ts';
import type { ImportPorts } from './ports.ts';
import type { StepControl } from '../../ports/step-control.ts';

/** What resolve's joins and sorts may take. Too low: they spill to disk; too high: parts and imports together starve Postgres. */
const WORK_MEM = '192MB';

export interface ResolveResult {
  lines: number;
  outcomes: OutcomeCounts;
  /** More lines are invalid than the import allows: nothing may be applied. */
  rejected: boolean;
}

/**
 * Judges all lines of a staged import. Calling it again starts over, unless slices have been applied: then what was
 * resolved stands. @throws PipelineError `import_superseded`, `import_unbalanced`
 */
export async function resolveLines(
  ref: ImportRef,
  ports: ImportPorts,
  control: Pick<StepControl, 'signal'>,
): Promise<ResolveResult> {
  const row = await readImport(ports.db, ref.importId);
  const state = await ports.db.transaction(async (tx) => {
    const locked = await lockImport(tx, ref, 'update');
    if (locked.outcomes === null) await tx.query('delete from import_lines where import_id = $1', [ref.importId]);
    return locked;
  });
  if (state.outcomes === null) {
    await judge(row, ref, ports, control.signal);
    await ports.db.query(importSql.analyze_lines);
  }
  // Once slices are applied the outcomes on record may say more than resolve did; what it decided stands.
  const outcomes = state.outcomes ?? (await countOutcomes(ports.db, ref.importId));
  const lines = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  if (lines !== row.stagedLines)
    throw new PipelineError(
      'import_unbalanced',
      `Import ${ref.importId}: ${row.stagedLines} lines, ${lines} outcomes.`,
      {
        hint: 'Nothing was applied. Please report this; the import can be started again.',
      },
    );
  const rejected = row.stagedLines > 0 && outcomes.invalid / row.stagedLines > row.options.maxInvalid;
  await ports.db.transaction(async (tx) => {
    await lockImport(tx, ref, 'update');
    await tx.query('update imports set outcomes = $2, updated_at = sluice_now() where id = $1', [
      ref.importId,
      JSON.stringify(outcomes),
    ]);
  });
  return { lines, outcomes, rejected };
}

async function judge(row: ImportRow, ref: ImportRef, ports: ImportPorts, signal: AbortSignal): Promise<void> {
  const { matchBy } = row.profile.plan;
  const statement =
    matchBy === 'social_id'
      ? forImport('resolve_by_social_id', ref.importId)
      : forImport('resolve_by_key', ref.importId, matchBy === 'email' ? 'email_key' : matchBy);
  const { rows } = await ports.db.query<{ found: boolean }>(importSql.has_suppressions, [ref.importId]);
  const pads = rows[0]?.found ? await ports.suppressionPads() : null;
  const parts = row.stagedLines > 10_000 ? ports.parallel : 1;
  const part = (number: number) =>
    inPart(ports.db, ref, signal, (tx) =>
      tx.query(statement, [
        ref.importId,
        number,
        parts,
        row.options.firstWins,
        row.dryRun,
        row.options.allowResubscribe,
        row.options.tags,
        hasTags(row),
        pads !== null,
        pads?.inner ?? Buffer.alloc(0),
        pads?.outer ?? Buffer.alloc(0),
        row.startedAt,
      ]),
    );
  const ended = await Promise.allSettled([
    inPart(ports.db, ref, signal, (tx) => tx.query(forImport('resolve_invalid', ref.importId), [ref.importId])),
    ...Array.from({ length: parts }, (_, number) => part(number)),
  ]);
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
}

/** One part of a resolve, as a transaction of its own that a cancel ends at once. */
export async function inPart(
  db: Database,
  ref: ImportRef,
  signal: AbortSignal,
  work: (tx: Queryable) => Promise<unknown>,
): Promise<void> {
  await db.transaction(
    async (tx) => {
      await lockImport(tx, ref, 'share');
      await tx.query(`set local work_mem = '${WORK_MEM}'`);
      await work(tx);
    },
    { signal },
  );
}

/** Whether any column of the file says something about tags. */
export function hasTags(row: ImportRow): boolean {
  return row.profile.plan.columns.some((column) => column.kind === 'tags' || column.kind === 'tag');
}

/** Lines by outcome, as they stand. Sums to the staged lines once resolve has ended. */
export async function countOutcomes(db: Queryable, importId: string): Promise<OutcomeCounts> {
  const { rows } = await db.query<{ outcome: ImportOutcome; lines: string }>(importSql.count_outcomes, [importId]);
  const counts = emptyOutcomes();
  for (const row of rows) counts[row.outcome] = Number(row.lines);
  return counts;
}
