// Starts the workflow of an import, of whatever kind, follows it on the terminal, and says how it ended.
import path from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Queryable } from '../ports/database.ts';
import type { MatchKey } from '../contracts/contact-fields.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { ImportResult, ReasonCount, ShortRows } from '../contracts/import.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { readProgressOfWorkflow } from '../pipelines/import/progress.ts';
import { followWorkflow } from './follow-workflow.ts';
import { answer, counted, say } from './output.ts';
import type { Session, SharedOptions } from './session.ts';

export interface ImportStart {
  workflow: 'importContacts' | 'importTags';
  input: object;
  /** What the Temporal UI shows beside the id. */
  summary: string;
}

/** The flags by which any import is told how to read its file. */
export interface ImportFileOptions extends SharedOptions {
  channel: string;
  map?: Record<string, string>;
  matchBy?: MatchKey;
  encoding?: string;
  delimiter?: string;
  quote?: string;
  shortRows: ShortRows;
  dateFormat?: string;
  dryRun?: boolean;
  again?: boolean;
  maxInvalid: number;
  wait: boolean;
}

/** What they and the file stand for in the input of its workflow. */
export function importFileInput(file: string, options: ImportFileOptions) {
  return {
    file: path.resolve(file),
    channel: options.channel,
    map: options.map ?? {},
    matchBy: options.matchBy ?? null,
    encoding: options.encoding ?? null,
    delimiter: options.delimiter ?? null,
    quote: options.quote ?? null,
    shortRows: options.shortRows,
    dateFormat: options.dateFormat ?? null,
    dryRun: options.dryRun ?? false,
    again: options.again ?? false,
    maxInvalid: options.maxInvalid,
  };
}

/** Starts the workflow of an import, named after an id drawn for it. */
export async function startImport(
  db: Queryable,
  client: Client,
  { workflow, input, summary }: ImportStart,
): Promise<{ importId: string; handle: WorkflowHandle }> {
  const { rows } = await db.query<{ id: string }>(`select nextval('imports_id_seq') as id`);
  const importId = rows[0]!.id;
  const handle = await client.workflow.start(workflow, {
    taskQueue: PIPELINE_QUEUE,
    workflowId: `import/${importId}`,
    args: [{ ...input, importId }],
    staticSummary: summary,
  });
  return { importId, handle };
}

/** Starts an import and waits for its result; with `--no-wait` says where it runs, and gives null. */
export async function runImport<Result>(
  session: Session,
  start: ImportStart,
  options: { json?: boolean; wait: boolean },
): Promise<Result | null> {
  const { importId, handle } = await startImport(session.db, await session.temporal(), start);
  const { workflowId } = handle;
  const said = new Set<string>();
  if (options.wait)
    return followWorkflow<Result>(handle, {
      look: async () => {
        const p = await readProgressOfWorkflow(session.db, workflowId);
        // Said while there is time to stop it, and once.
        for (const warning of p.warnings ?? []) if (!said.has(warning)) say(`Note: ${warning}`);
        for (const warning of p.warnings ?? []) said.add(warning);
        return `${p.state}: ${p.linesDone}${p.linesTotal === null ? '' : ` of ${p.linesTotal}`} lines`;
      },
      first: 'inspecting',
      left: 'The import goes on',
      cancelled: CANCELLED,
    });
  answer(options, { importId, workflowId, state: 'inspecting' }, () => `Started: workflow ${workflowId}.`);
  return null;
}

/** What a cancelled import ends with. */
const CANCELLED = new PipelineError('import_cancelled', 'The import was cancelled.', {
  hint: 'What was done stays; the same command goes on from there.',
});

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
    `${counted(result.lines, 'line')}; skipped ${counted(blank + preamble + header + footer, 'record')} (blank ${blank}, preamble ${preamble}, header ${header}, footer ${footer})`,
  ];
}

/** The most frequent reasons of invalid lines, one below the other. */
export function renderReasons(reasons: ReasonCount[]): string[] {
  return reasons.map(({ lines, line, text }) => `${lines} invalid, such as line ${line}: ${text}`);
}

/** Exit code 1 for whatever is not done. */
export function endWith(result: { state: string; message: string | null }, options: { json?: boolean }): void {
  if (result.state === 'done') return;
  process.exitCode = 1;
  if (options.json && result.message) say(result.message);
}
