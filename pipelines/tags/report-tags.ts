// Report: closes an import of tag events. Checks that the outcomes balance, writes the rejects file, sets the final state, and
// only then lets the staged lines go.
import type { Database, Queryable } from '../../ports/database.ts';
import type { ImportRef } from '../../contracts/import.ts';
import {
  emptyTagOutcomes,
  type TagImportInput,
  type TagImportResult,
  type TagOutcomeCounts,
} from '../../contracts/tag-import.ts';
import { dropPartition } from '../staging/partition.ts';
import { endImport, lockImport } from '../import/import-store.ts';
import { topReasons } from '../import/top-reasons.ts';
import { rejectLines, rejectObjects, type RejectRow } from '../import/rejects-file.ts';
import { rejection, type ReportPorts } from '../import/report.ts';
import type { TagImportRow } from './ports.ts';
import { countTagOutcomes, readTagImport, sumOf, unbalanced } from './resolve-tags.ts';
import type { TagProfile } from './tag-plan.ts';
import { describeTagReason, describeTagReasonOf } from './tag-reasons.ts';
import { forTags } from './tags-sql.ts';

/**
 * Ends an import as `done` or `rejected`. Calling it again gives the same result.
 * @throws PipelineError `import_unbalanced` when a line has no outcome; then the import stays open
 */
export async function reportTags(
  ref: ImportRef,
  state: 'done' | 'rejected',
  ports: ReportPorts,
): Promise<TagImportResult> {
  const row = await ports.db.transaction((tx) =>
    lockImport<TagImportInput, TagProfile, TagOutcomeCounts>(tx, ref, 'share'),
  );
  if (row.state !== state) {
    const outcomes = await countTagOutcomes(ports.db, row.importId);
    if (sumOf(outcomes) !== row.stagedLines) throw unbalanced(row, sumOf(outcomes));
    const rejects = outcomes.invalid + outcomes.ambiguous + outcomes.unmatched;
    await endImport(ports.db, ref, state, {
      outcomes,
      rejectsFile: rejects > 0 ? await writeRejects(ports, row) : null,
      error: state === 'rejected' ? rejection(row, outcomes, await reasonsOf(ports.db, row)) : null,
    });
  }
  await dropPartition(ports.db, 'tag_staging', ref.importId);
  return tagImportResult(ports.db, ref.importId);
}

/** Ends an import that did not get through. What was staged stays, so that a new start of the same file goes on from it. */
export async function stopTags(
  ref: ImportRef,
  state: 'cancelled' | 'failed',
  error: string | null,
  db: Database,
): Promise<TagImportResult> {
  await endImport(db, ref, state, { error });
  return tagImportResult(db, ref.importId);
}

/** An import's result as it stands now. */
export async function tagImportResult(db: Queryable, importId: string): Promise<TagImportResult> {
  const row = await readTagImport(db, importId);
  return {
    importId,
    state: row.state,
    channel: row.channelId,
    dryRun: row.dryRun,
    recognised: false,
    lines: row.stagedLines,
    skipped: row.skipped,
    // jsonb keeps keys in an order of its own.
    outcomes: { ...emptyTagOutcomes(), ...row.outcomes },
    rejectsFile: row.rejectsFile,
    message: row.error,
    reasons: await reasonsOf(db, row),
  };
}

const reasonsOf = (db: Queryable, { importId, profile }: TagImportRow) =>
  topReasons(db, importId, (reason) => describeTagReason(reason, profile));

async function writeRejects(ports: ReportPorts, row: TagImportRow): Promise<string> {
  const { importId, profile } = row;
  const json = profile.plan.format === 'json';
  const spool = await ports.openSpool(row.spoolPath);
  try {
    const source = {
      db: ports.db,
      spool,
      statement: forTags('rejects', importId),
      importId,
      explain: explainer(profile),
    };
    return await ports.writeReport(
      `import-${importId}-rejects.${json ? 'jsonl' : 'csv'}`,
      json ? rejectObjects(source) : rejectLines(source, profile),
    );
  } finally {
    await spool.close();
  }
}

/** Why a line gave no event, as a sentence. */
const explainer =
  (profile: TagProfile) =>
  ({ outcome, reason, candidates, line }: RejectRow, original: string): string => {
    if (outcome === 'ambiguous') return `Several contacts have this key: ${(candidates ?? []).join(', ')}.`;
    if (outcome === 'unmatched' && reason !== 'contact_deleted') return 'No contact of the channel has this key.';
    return describeTagReasonOf(reason ?? '', Number(line), original, profile);
  };
