// Imports a contact file: inspect, stage, resolve, apply, report. Holds ids and counts; every line stays in Postgres.
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { ImportId, Channel, RowsDone, RowsTotal, Stage } from './search-attributes.ts';
import {
  parseImportInput,
  type ImportInput,
  type ImportRef,
  type ImportResult,
} from '../pipelines/contracts/import.ts';
import { describeError, PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { describeProgress, describeResult, rateOf, type Sample } from './import-details.ts';
import { short, steps } from './proxies.ts';

/**
 * @param input one JSON object, {@link ImportInput}; the least is `{"file": "/data/contacts.csv", "channel": "line-tw"}`.
 * Started again after a cancel or a failure, with the same file and options, it goes on where the import stopped.
 */
export async function importContacts(input: unknown): Promise<ImportResult> {
  const request = parsed(input);
  upsertSearchAttributes([
    { key: Channel, value: request.channel },
    { key: Stage, value: 'inspecting' },
  ]);
  setCurrentDetails(`**inspecting** \`${request.channel}\``);
  const registered = await steps.inspectFile(request);
  upsertSearchAttributes([{ key: ImportId, value: registered.importId }]);
  if (registered.recognised) return finished(registered.recognised);
  const ref = { importId: registered.importId, attempt: registered.attempt };
  const watch = watchProgress(ref);
  try {
    await steps.stageLines(ref);
    const resolved = await steps.resolveLines(ref);
    if (!resolved.rejected && !request.dryRun) await steps.applySlices(ref);
    watch.stop();
    return finished(await steps.reportImport(ref, resolved.rejected ? 'rejected' : 'done'));
  } catch (error) {
    watch.stop();
    finished(await stopped(ref, error));
    throw error;
  }
}

function parsed(input: unknown): ImportInput {
  try {
    return parseImportInput(input);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    throw ApplicationFailure.nonRetryable(describeError(error), error.code);
  }
}

function finished(result: ImportResult): ImportResult {
  setCurrentDetails(describeResult(result));
  upsertSearchAttributes([
    { key: Stage, value: result.state },
    { key: RowsDone, value: result.lines },
    { key: RowsTotal, value: result.lines },
  ]);
  return result;
}

/** Writes down why the import stopped, also when the workflow itself is being cancelled. */
function stopped(ref: ImportRef, error: unknown): Promise<ImportResult> {
  return CancellationScope.nonCancellable(() =>
    isCancellation(error)
      ? short.stopImport(ref, 'cancelled', 'Cancelled. A new start of the same file goes on from here.')
      : short.stopImport(ref, 'failed', reasonOf(error)),
  );
}

/** What an activity died of, without the wrapping that Temporal puts around it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/**
 * Seconds between two looks. Each look costs about ten history events: three seconds at first, for people; up to a minute
 * later, so that a day-long import stays under 20,000 events.
 */
const FIRST_LOOK_S = 3;
const LAST_LOOK_S = 60;

/** Keeps the details in the Temporal UI and the search attributes true while the steps run. */
function watchProgress(ref: ImportRef): { stop(): void } {
  let ended = false;
  const look = async () => {
    let seconds = FIRST_LOOK_S;
    let last: Sample | null = null;
    while (!(await condition(() => ended, seconds * 1000, { summary: 'next look at the progress' }))) {
      const progress = await short.importProgress(ref.importId);
      const sample: Sample = { at: Date.now(), progress };
      if (ended) return;
      setCurrentDetails(describeProgress(ref.importId, sample, rateOf(last, sample)));
      upsertSearchAttributes([
        { key: Stage, value: progress.state },
        { key: RowsDone, value: progress.linesDone },
        ...(progress.linesTotal === null ? [] : [{ key: RowsTotal, value: progress.linesTotal }]),
      ]);
      last = sample;
      seconds = Math.min(LAST_LOOK_S, seconds * 1.25);
    }
  };
  // A look that fails says nothing about the import: its steps report for themselves.
  const scope = new CancellationScope({ cancellable: true });
  scope.run(look).catch(() => undefined);
  return {
    stop: () => {
      ended = true;
      scope.cancel();
    },
  };
}
