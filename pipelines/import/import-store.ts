// The row of an import: created by inspect, fenced by its attempt, moved from state to state. No work on lines.
import type { Database, Queryable } from '../../ports/database.ts';
import type { AttributeType } from '../../contracts/contact-fields.ts';
import type {
  ImportInput,
  ImportRef,
  ImportState,
  ImportStep,
  OutcomeCounts,
  SkippedCounts,
} from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { ColumnReading } from './column-meaning.ts';
import type { LeftValues } from '../staging/left-values.ts';
import type { NormalisePlan } from './staged-row.ts';

/** What later steps need to know of the file; stored with the import. */
export interface ImportProfile {
  encoding: string;
  delimiter: string;
  quote: string;
  headers: string[];
  /** See `ColumnNames`; left out by versions of before. */
  headerParts?: string[][];
  plan: NormalisePlan;
  /** Attributes that come into being when the import is applied. */
  newAttributes: { name: string; type: AttributeType }[];
  dataByte: number;
  dataLine: number;
  /** See `TableShape`; left out by versions of before. */
  dataEnd?: number | null;
  /** What each column became and why; absent in imports of earlier versions. */
  columns?: ColumnReading[];
  /** What staging has counted so far; absent where the lines were read whole. */
  left?: LeftValues;
  /** What a person should know before it acts; absent in imports of earlier versions. */
  warnings?: string[];
}

/** `Options` and `Profile`: those of contacts, unless the import is of something else. */
export interface ImportRow<Options = ImportInput, Profile = ImportProfile, Outcomes = OutcomeCounts> {
  importId: string;
  channelId: string;
  state: ImportState;
  attempt: number;
  step: number;
  workflowId: string;
  runId: string;
  fileName: string;
  spoolPath: string;
  spoolBytes: number;
  options: Options;
  dryRun: boolean;
  profile: Profile;
  stageByte: number;
  stageLine: number;
  stagedLines: number;
  skipped: SkippedCounts;
  outcomes: Outcomes | null;
  rejectsFile: string | null;
  diffFile: string | null;
  error: string | null;
  startedAt: Date;
}

interface StoredRow<Options, Profile, Outcomes> {
  id: string;
  channel_id: string;
  state: ImportState;
  attempt: number;
  step: number;
  workflow_id: string;
  run_id: string;
  file_name: string;
  spool_path: string;
  spool_bytes: string;
  options: Options;
  dry_run: boolean;
  profile: Profile;
  stage_byte: string;
  stage_line: string;
  staged_lines: string;
  skipped_blank: string;
  skipped_preamble: string;
  skipped_header: string;
  skipped_footer: string;
  outcomes: Outcomes | null;
  rejects_file: string | null;
  diff_file: string | null;
  error: string | null;
  started_at: Date;
}

function fromStored<O, P, C>(row: StoredRow<O, P, C>): ImportRow<O, P, C> {
  return {
    importId: row.id,
    channelId: row.channel_id,
    state: row.state,
    attempt: row.attempt,
    step: row.step,
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

/** A row as the driver gives it. */
type Stored<O, P, C> = StoredRow<O, P, C> & Record<string, unknown>;

/** The import of that id. @throws PipelineError `import_unknown` */
export async function readImport<O = ImportInput, P = ImportProfile, C = OutcomeCounts>(
  db: Queryable,
  importId: string,
): Promise<ImportRow<O, P, C>> {
  const { rows } = await db.query<Stored<O, P, C>>('select * from imports where id = $1', [importId]);
  if (!rows[0]) throw new PipelineError('import_unknown', `There is no import ${importId}.`);
  return fromStored(rows[0]);
}

/**
 * The import, locked for the transaction, if `ref` may still write to it.
 * `share` lets slices of one import run side by side; `update` is for whoever moves its position or state.
 * @throws PipelineError `import_superseded` when a later workflow run, or a later try of a step, has taken over
 */
export async function lockImport<O = ImportInput, P = ImportProfile, C = OutcomeCounts>(
  tx: Queryable,
  ref: ImportRef,
  mode: 'share' | 'update',
): Promise<ImportRow<O, P, C>> {
  const { rows } = await tx.query<Stored<O, P, C>>(
    `select * from imports where id = $1 for ${mode === 'share' ? 'share' : 'update'}`,
    [ref.importId],
  );
  if (!rows[0]) throw new PipelineError('import_unknown', `There is no import ${ref.importId}.`);
  const row = fromStored(rows[0]);
  if (row.attempt !== ref.attempt)
    throw new PipelineError('import_superseded', `Import ${ref.importId} is now run by workflow ${row.workflowId}.`, {
      hint: 'Follow that workflow; this one has written nothing since.',
    });
  if (ref.step !== undefined && row.step > ref.step) throw overtaken(ref);
  return row;
}

function overtaken(ref: ImportRef): PipelineError {
  return new PipelineError('import_superseded', `A later try of a step works on import ${ref.importId}.`, {
    hint: 'Start the same file again if nothing runs: it goes on from where it is.',
  });
}

/** States that an import does not leave again, but by undo. */
const ENDED: readonly ImportState[] = ['done', 'rejected', 'undone'];

/**
 * Opens a step for the given try of it: from now on older tries may write nothing. Calling it again is a no-op.
 * @throws PipelineError `import_superseded`, or `import_ended` for a step of an import that has its report
 */
export async function beginStep(db: Database, ref: ImportRef, state: ImportStep): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await lockImport(tx, ref, 'update');
    if (ENDED.includes(row.state))
      throw new PipelineError('import_ended', `Import ${ref.importId} has ended as ${row.state}.`, {
        hint: 'Start the file again, with --again if its content is the same.',
      });
    await tx.query('update imports set state = $2, step = $3, error = null, updated_at = sluice_now() where id = $1', [
      ref.importId,
      state,
      ref.step ?? row.step,
    ]);
  });
}

/** Ends a fenced import in `state`. One that has its report keeps it, and its state. */
export async function endImport(
  db: Database,
  ref: ImportRef,
  state: ImportState,
  facts: {
    outcomes?: Record<string, number>;
    rejectsFile?: string | null;
    diffFile?: string | null;
    error?: string | null;
  } = {},
): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await lockImport(tx, ref, 'update');
    if (ENDED.includes(row.state)) return;
    await tx.query(
      `update imports set state = $2, outcomes = coalesce($3, outcomes), rejects_file = coalesce($4, rejects_file),
         diff_file = coalesce($5, diff_file), error = $6, updated_at = sluice_now(),
         finished_at = sluice_now()
       where id = $1`,
      [
        ref.importId,
        state,
        facts.outcomes ? JSON.stringify(facts.outcomes) : null,
        facts.rejectsFile ?? null,
        facts.diffFile ?? null,
        facts.error ?? null,
      ],
    );
  });
}
