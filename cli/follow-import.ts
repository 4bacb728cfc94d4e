// Starts the workflow of an import, of whatever kind, follows it on the terminal, and says how it ended.
import type { WorkflowHandle } from '@temporalio/client';
import { PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import type { ImportResult } from '../pipelines/contracts/import.ts';
import { PIPELINE_QUEUE } from '../pipelines/contracts/task-queues.ts';
import { readProgressOfWorkflow } from '../pipelines/import/progress.ts';
import { answer, progressLine, say } from './output.ts';
import type { Session } from './session.ts';
import { workflowFailure } from './workflow-failure.ts';

export interface ImportStart {
  workflow: 'importContacts' | 'importTags';
  input: object;
  /** What the Temporal UI shows beside the id. */
  summary: string;
}

/** Starts an import and waits for its result; with `--no-wait` says where it runs, and gives null. */
export async function runImport<Result>(
  session: Session,
  { workflow, input, summary }: ImportStart,
  options: { json?: boolean; wait: boolean },
): Promise<Result | null> {
  const client = await session.temporal();
  const { rows } = await session.db.query<{ id: string }>(`select nextval('imports_id_seq') as id`);
  const importId = rows[0]!.id;
  const workflowId = `import/${importId}`;
  const handle = await client.workflow.start(workflow, {
    taskQueue: PIPELINE_QUEUE,
    workflowId,
    args: [{ ...input, importId }],
    staticSummary: summary,
  });
  if (options.wait) return follow<Result>(session, handle);
  answer(options, { importId, workflowId, state: 'inspecting' }, () => `Started: workflow ${workflowId}.`);
  return null;
}

/** What a cancelled import ends with. */
const CANCELLED = new PipelineError('import_cancelled', 'The import was cancelled.', {
  hint: 'What was done stays; the same command goes on from there.',
});

/** Milliseconds between two looks for the progress line. */
const LOOK_MS = 500;

async function follow<Result>(session: Session, handle: WorkflowHandle): Promise<Result> {
  const line = progressLine();
  const leave = () => {
    line.end();
    say(`Left. The import goes on as workflow ${handle.workflowId}; cancel it in the Temporal UI.`);
    process.exit(0);
  };
  process.once('SIGINT', leave);
  const timer = setInterval(() => {
    readProgressOfWorkflow(session.db, handle.workflowId).then(
      (p) => line.show(`${p.state}: ${p.linesDone}${p.linesTotal === null ? '' : ` of ${p.linesTotal}`} lines`),
      () => line.show('inspecting'),
    );
  }, LOOK_MS);
  try {
    return (await handle.result()) as Result;
  } catch (error) {
    throw workflowFailure(error, handle.workflowId, CANCELLED);
  } finally {
    clearInterval(timer);
    process.off('SIGINT', leave);
    line.end();
  }
}

/** What the report of any import begins with. */
export function renderHead(
  result: Pick<ImportResult, 'importId' | 'channel' | 'state' | 'lines' | 'skipped' | 'dryRun' | 'recognised'>,
): string[] {
  const { blank, preamble, header, footer } = result.skipped;
  const kind = [result.dryRun && 'dry run', result.recognised && 'imported before: this is that report']
    .filter(Boolean)
    .join(', ');
  return [
    `Import ${result.importId} into ${result.channel}: ${result.state}${kind ? ` (${kind})` : ''}`,
    `${result.lines} lines; skipped ${blank + preamble + header + footer} records (blank ${blank}, preamble ${preamble}, header ${header}, footer ${footer})`,
  ];
}

/** Exit code 1 for whatever is not done. */
export function endWith(result: { state: string; message: string | null }, options: { json?: boolean }): void {
  if (result.state === 'done') return;
  process.exitCode = 1;
  if (options.json && result.message) say(result.message);
}
