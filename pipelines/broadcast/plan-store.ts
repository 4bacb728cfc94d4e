// The row of a broadcast while its plan is made: read, fenced by step and try, and what is left of one that was given up.
import type { Database, Queryable } from '../../ports/database.ts';
import type { ListProfile } from '../audience/list-plan.ts';
import type { BroadcastState, MatchCounts, PlanOptions } from '../../contracts/broadcast.ts';
import type { SkippedCounts } from '../../contracts/import.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { PlanRef } from '../../contracts/plan.ts';
import type { MessageJson } from '../../ports/provider.ts';

/** The places of the channel's contact quota, as they were when matching began. */
export interface QuotaPlaces {
  /** The last contact, by seniority, that has a place; null: no contact there is has one. */
  since: string | null;
  contactId: string | null;
  /** Places left for contacts that are still to be created. */
  free: number;
}

export interface PlanRow {
  broadcastId: string;
  channelId: string;
  state: BroadcastState;
  digest: string | null;
  attempt: number;
  message: MessageJson;
  parameterNames: string[];
  options: PlanOptions;
  endpoint: string;
  chunkSize: number;
  sliceSize: number;
  spoolPath: string;
  spoolBytes: number;
  profile: ListProfile;
  planStep: number;
  stageByte: number;
  stageLine: number;
  matchedLine: number | null;
  matchedLines: number;
  quota: (QuotaPlaces & { newcomers: number }) | null;
  sameAs: string | null;
  lines: number;
  skipped: SkippedCounts;
  outcomes: MatchCounts;
  recipients: number;
  suppressed: Record<string, number>;
  rejected: Record<string, number>;
  requests: number;
  warnings: string[];
  linesFile: string | null;
}

interface StoredPlan {
  id: string;
  channel_id: string;
  state: BroadcastState;
  digest: string | null;
  attempt: number;
  message: MessageJson;
  parameter_names: string[];
  options: PlanOptions;
  endpoint: string;
  chunk_size: number;
  slice_size: number;
  spool_path: string;
  spool_bytes: string;
  profile: ListProfile;
  plan_step: number;
  stage_byte: string;
  stage_line: string;
  matched_line: string | null;
  matched_lines: string;
  quota: (QuotaPlaces & { newcomers: number }) | null;
  same_as: string | null;
  lines: string;
  skipped: SkippedCounts;
  outcomes: MatchCounts;
  recipients: number;
  suppressed: Record<string, number>;
  rejected: Record<string, number>;
  requests: string;
  warnings: string[];
  lines_file: string | null;
}

function fromStored(row: StoredPlan): PlanRow {
  return {
    broadcastId: row.id,
    channelId: row.channel_id,
    state: row.state,
    digest: row.digest,
    attempt: row.attempt,
    message: row.message,
    parameterNames: row.parameter_names,
    options: row.options,
    endpoint: row.endpoint,
    chunkSize: row.chunk_size,
    sliceSize: row.slice_size,
    spoolPath: row.spool_path,
    spoolBytes: Number(row.spool_bytes),
    profile: row.profile,
    planStep: row.plan_step,
    stageByte: Number(row.stage_byte),
    stageLine: Number(row.stage_line),
    matchedLine: row.matched_line === null ? null : Number(row.matched_line),
    matchedLines: Number(row.matched_lines),
    quota: row.quota,
    sameAs: row.same_as,
    lines: Number(row.lines),
    skipped: row.skipped,
    outcomes: row.outcomes,
    recipients: row.recipients,
    suppressed: row.suppressed,
    rejected: row.rejected,
    requests: Number(row.requests),
    warnings: row.warnings,
    linesFile: row.lines_file,
  };
}

/** The plan of that broadcast, finished or not. @throws PipelineError `broadcast_unknown` */
export async function readPlan(db: Queryable, broadcastId: string): Promise<PlanRow> {
  return selectPlan(db, broadcastId, '');
}

async function selectPlan(db: Queryable, broadcastId: string, lock: '' | ' for update'): Promise<PlanRow> {
  const { rows } = await db.query<StoredPlan>(`select * from broadcasts where id = $1${lock}`, [broadcastId]);
  if (rows[0]) return fromStored(rows[0]);
  throw new PipelineError('broadcast_unknown', `There is no broadcast ${broadcastId}.`, {
    hint: 'An unfinished plan is cleared away when the next one starts; plan the list again.',
  });
}

/** Whether nothing is left to be done for it: it has its digest, or is another plan. */
export function isPlanned(row: PlanRow): boolean {
  return row.digest !== null || row.sameAs !== null;
}

/** The same, of a plan by its id. */
export async function planIsFinished(db: Queryable, broadcastId: string): Promise<boolean> {
  return isPlanned(await readPlan(db, broadcastId));
}

/**
 * The plan in the making, locked for the transaction, if `ref` may still write to it.
 * @throws PipelineError `plan_superseded` when a later try of a step has taken over, `plan_ended` when it is finished
 */
export async function lockPlan(tx: Queryable, ref: PlanRef): Promise<PlanRow> {
  const row = await selectPlan(tx, ref.broadcastId, ' for update');
  if (isPlanned(row))
    throw new PipelineError('plan_ended', `The plan of broadcast ${ref.broadcastId} is finished.`, {
      hint: 'Nothing is left to do; look at it with: sluice broadcast status.',
    });
  if (ref.step !== undefined && row.planStep > ref.step)
    throw new PipelineError('plan_superseded', `A later try of a step works on the plan of ${ref.broadcastId}.`, {
      hint: 'Plan the list again if nothing runs.',
    });
  return row;
}

/** Opens a step for the given try of it: from now on older tries may write nothing. Calling it again is a no-op. */
export async function beginPlanStep(db: Database, ref: PlanRef): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await lockPlan(tx, ref);
    await tx.query('update broadcasts set plan_step = $2, updated_at = sluice_now() where id = $1', [
      ref.broadcastId,
      ref.step ?? row.planStep,
    ]);
  });
}
