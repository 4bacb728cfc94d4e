// The row of an import: created by inspect, fenced by its attempt, moved from state to state. No work on lines.
import type { Database, Queryable } from '../../adapters/postgres/database.ts';
import type { AttributeType } from '../contracts/contact-fields.ts';
import type { ImportInput, ImportRef, ImportState, OutcomeCounts, SkippedCounts } from '../contracts/import.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { NormalisePlan } from './staged-row.ts';

/** What later steps need to know of the file; stored with the import. */
export interface ImportProfile {
  encoding: string;
  delimiter: string;
  quote: string;
  headers: string[];
  plan: NormalisePlan;
  /** Attributes that come into being when the import is applied. */
  newAttributes: { name: string; type: AttributeType }[];
  dataByte: number;
  dataLine: number;
}

export interface ImportRow {
  importId: string;
  channelId: string;
  state: ImportState;
  attempt: number;
  workflowId: string;
  runId: string;
  fileName: string;
  spoolPath: string;
  spoolBytes: number;
  options: ImportInput;
  dryRun: boolean;
  profile: ImportProfile;
  stageByte: number;
  stageLine: number;
  stagedLines: number;
  skipped: SkippedCounts;
  outcomes: OutcomeCounts | null;
  rejectsFile: string | null;
  diffFile: string | null;
  error: string | null;
  startedAt: Date;
}

interface StoredRow {
  id: string;
  channel_id: string;
  state: ImportState;
  attempt: number;
  workflow_id: string;
  run_id: string;
  file_name: string;
  spool_path: string;
  spool_bytes: string;
  options: ImportInput;
  dry_run: boolean;
  profile: ImportProfile;
  stage_byte: string;
  stage_line: string;
  staged_lines: string;
  skipped_blank: string;
  skipped_preamble: string;
  skipped_header: string;
  skipped_footer: string;
  outcomes: OutcomeCounts | null;
  rejects_file: string | null;
  diff_file: string | null;
  error: string | null;
  started_at: Date;
}

function fromStored(row: StoredRow): ImportRow {
  return {
    importId: row.id,
    channelId: row.channel_id,
    state: row.state,
    attempt: row.attempt,
    workflowId: row.workflow_id,
    runId: row.run_id,
    fileName: row.file_name,
    spoolPath: row.spool_path,
    spoolBytes: Number(row.spool_bytes),
    options: row.options,
    dryRun: row.dry_run,
    profile: row.profile,
    stageByte: Number(row.stage_byte),
    stageLine: Number(row.stage_line),
    stagedLines: Number(row.staged_lines),
    skipped: {
      blank: Number(row.skipped_blank),
      preamble: Number(row.skipped_preamble),
      header: Number(row.skipped_header),
      footer: Number(row.skipped_footer),
    },
    outcomes: row.outcomes,
    rejectsFile: row.rejects_file,
    diffFile: row.diff_file,
    error: row.error,
    startedAt: row.started_at,
  };
}

/** The import of that id. @throws PipelineError `import_unknown` */
export async function readImport(db: Queryable, importId: string): Promise<ImportRow> {
  const { rows } = await db.query<StoredRow>('select * from imports where id = $1', [importId]);
  if (!rows[0]) throw new PipelineError('import_unknown', `There is no import ${importId}.`);
  return fromStored(rows[0]);
}

/**
 * The import, locked for the transaction, if `ref` may still write to it.
 * `share` lets slices of one import run side by side; `update` is for whoever moves its position or state.
 * @throws PipelineError `import_superseded` when a later workflow run has taken the import over
 */
export async function lockImport(tx: Queryable, ref: ImportRef, mode: 'share' | 'update'): Promise<ImportRow> {
  const { rows } = await tx.query<StoredRow>(
    `select * from imports where id = $1 for ${mode === 'share' ? 'share' : 'update'}`,
    [ref.importId],
  );
  if (!rows[0]) throw new PipelineError('import_unknown', `There is no import ${ref.importId}.`);
  const row = fromStored(rows[0]);
  if (row.attempt !== ref.attempt)
    throw new PipelineError('import_superseded', `Import ${ref.importId} is now run by workflow ${row.workflowId}.`, {
      hint: 'Follow that workflow; this one has written nothing since.',
    });
  return row;
}

/** Moves a fenced import to `state`. Calling it twice changes nothing the second time. */
export async function setImportState(
  db: Database,
  ref: ImportRef,
  state: ImportState,
  facts: {
    outcomes?: OutcomeCounts;
    rejectsFile?: string | null;
    diffFile?: string | null;
    error?: string | null;
  } = {},
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockImport(tx, ref, 'update');
    const ended = ['done', 'cancelled', 'failed', 'undone', 'rejected'].includes(state);
    await tx.query(
      `update imports set state = $2, outcomes = coalesce($3, outcomes), rejects_file = coalesce($4, rejects_file),
         diff_file = coalesce($5, diff_file), error = $6, updated_at = clock_timestamp(),
         finished_at = case when $7 then clock_timestamp() end
       where id = $1`,
      [
        ref.importId,
        state,
        facts.outcomes ? JSON.stringify(facts.outcomes) : null,
        facts.rejectsFile ?? null,
        facts.diffFile ?? null,
        facts.error ?? null,
        ended,
      ],
    );
  });
}
