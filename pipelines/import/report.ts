// Report: closes an import. Checks that the outcomes still balance, writes the rejects file (and a dry run's diff), sets
// the final state, and only then lets the staged lines go.
import type { Database, Queryable } from '../../ports/database.ts';
import type { ImportRef, ImportResult, OutcomeCounts, ReasonCount } from '../../contracts/import.ts';
import { emptyOutcomes } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { dropPartition, partitionExists } from '../staging/partition.ts';
import { forImport } from './import-sql.ts';
import { lockImport, readImport, endImport, type ImportRow } from './import-store.ts';
import type { FileReader } from '../source/record-blocks.ts';
import { PAGE_LINES, rejectLines, type RejectRow } from './rejects-file.ts';
import { describeReason, describeReasonOf, type ReasonPlace } from '../values/reasons.ts';
import { countOutcomes } from './resolve.ts';
import { leftWarnings } from '../staging/left-values.ts';
import { topReasons } from './top-reasons.ts';
import { BOM, guardedCell } from '../values/csv-cell.ts';

export interface ReportPorts {
  db: Database;
  openSpool: (path: string) => Promise<FileReader & { close(): Promise<void> }>;
  /** Writes a file under the report folder, all of it or nothing, and gives its path. Writing it again replaces it. */
  writeReport: (name: string, text: AsyncIterable<string>) => Promise<string>;
}

/**
 * Ends an import as `done` or `rejected`. Calling it again gives the same result.
 * @throws PipelineError `import_unbalanced` when a line has no outcome; then the import stays open
 */
export async function reportImport(
  ref: ImportRef,
  state: 'done' | 'rejected',
  ports: ReportPorts,
): Promise<ImportResult> {
  const row = await ports.db.transaction((tx) => lockImport(tx, ref, 'share'));
  if (row.state !== state) {
    const outcomes = await balancedOutcomes(ports.db, row);
    const rejects = outcomes.invalid + outcomes.ambiguous + outcomes.suppressed;
    const rejectsFile =
      rejects > 0 ? await ports.writeReport(`import-${row.importId}-rejects.csv`, rejectsOf(ports, row)) : null;
    const diffFile =
      row.dryRun && outcomes.update > 0
        ? await ports.writeReport(`import-${row.importId}-diff.csv`, diffLines(ports, row))
        : null;
    await endImport(ports.db, ref, state, {
      outcomes,
      rejectsFile,
      diffFile,
      error: state === 'rejected' ? rejection(row, outcomes, await reasonsOf(ports.db, row)) : null,
    });
  }
  await dropPartition(ports.db, 'import_staging', ref.importId);
  return importResult(ports.db, ref.importId);
}

/** Ends an import that did not get through. What was staged stays, so that a new start of the same file goes on from it. */
export async function stopImport(
  ref: ImportRef,
  state: 'cancelled' | 'failed',
  error: string | null,
  db: Database,
): Promise<ImportResult> {
  await endImport(db, ref, state, { error });
  return importResult(db, ref.importId);
}

/** An import's result as it stands now. */
export async function importResult(db: Queryable, importId: string): Promise<ImportResult> {
  const row = await readImport(db, importId);
  return {
    importId,
    state: row.state,
    channel: row.channelId,
    dryRun: row.dryRun,
    recognised: false,
    lines: row.stagedLines,
    skipped: row.skipped,
    // jsonb keeps keys in an order of its own.
    outcomes: { ...emptyOutcomes(), ...row.outcomes },
    rejectsFile: row.rejectsFile,
    diffFile: row.diffFile,
    message: row.error,
    reasons: await reasonsOf(db, row),
    warnings: [...(row.profile.warnings ?? []), ...leftWarnings(row.profile.left)],
  };
}

const placeOf = ({ profile }: ImportRow): ReasonPlace => ({
  headers: profile.headers,
  columns: profile.plan.columns,
  matchBy: profile.plan.matchBy,
});

const reasonsOf = (db: Queryable, row: ImportRow): Promise<ReasonCount[]> =>
  topReasons(db, row.importId, (reason) => describeReason(reason, placeOf(row)));

/** Why an import with too many invalid lines was not applied. */
export function rejection(
  row: Pick<ImportRow<{ maxInvalid: number }, unknown, unknown>, 'stagedLines' | 'options'>,
  outcomes: { invalid: number },
  [first]: ReasonCount[],
): string {
  const share = ((100 * outcomes.invalid) / row.stagedLines).toFixed(1);
  const allowed = (100 * row.options.maxInvalid).toFixed(1);
  return `${outcomes.invalid} of ${row.stagedLines} lines are invalid (${share} %, allowed ${allowed} %): nothing was applied.${first === undefined ? '' : ` ${first.lines} of them, such as line ${first.line}: ${first.text}`} See the rejects file, mend the source or raise --max-invalid.`;
}

async function balancedOutcomes(db: Database, row: ImportRow): Promise<OutcomeCounts> {
  const outcomes = await countOutcomes(db, row.importId);
  const lines = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  if (lines === row.stagedLines) return outcomes;
  throw new PipelineError('import_unbalanced', `Import ${row.importId}: ${row.stagedLines} lines, ${lines} outcomes.`, {
    hint: 'Please report this. The import stays open.',
  });
}

/** The rejects as CSV: each line as it was in the file, and why. */
async function* rejectsOf(ports: ReportPorts, row: ImportRow): AsyncGenerator<string> {
  const spool = await ports.openSpool(row.spoolPath);
  const { importId } = row;
  try {
    yield* rejectLines(
      {
        db: ports.db,
        spool,
        statement: forImport('rejects', importId),
        importId,
        explain: (reject, original) => explain(reject, original, row),
      },
      row.profile,
    );
  } finally {
    await spool.close();
  }
}

/** Why a line was not imported, as a sentence. */
function explain({ outcome, reason, candidates, line }: RejectRow, original: string, row: ImportRow): string {
  if (outcome === 'ambiguous') return `Several contacts have this key: ${(candidates ?? []).join(', ')}.`;
  if (outcome === 'suppressed') return 'The address is on the suppression list; nothing of the line was imported.';
  return describeReasonOf(reason ?? '', Number(line), original, placeOf(row));
}

interface DiffRow extends Record<string, unknown> {
  line: string;
  contact_id: string;
  field: string;
  old: string | null;
  new: string | null;
}

/** What a dry run would change, old and new beside each other. */
async function* diffLines(ports: ReportPorts, row: ImportRow): AsyncGenerator<string> {
  yield `${BOM}line,contact_id,field,old,new\n`;
  if (!(await partitionExists(ports.db, 'import_staging', row.importId))) return;
  let after = '0';
  for (;;) {
    const { rows } = await ports.db.query<DiffRow>(forImport('diff', row.importId), [
      row.importId,
      after,
      row.options.allowResubscribe,
      row.options.tags,
      PAGE_LINES,
    ]);
    for (const change of rows)
      yield `${[change.line, change.contact_id, change.field, change.old, change.new].map((value) => guardedCell(value, ',')).join(',')}\n`;
    if (rows.length === 0) return;
    after = rows.at(-1)!.line;
  }
}
