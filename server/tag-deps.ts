// Wires the import of tag events to its world: spool, threads that read, Parquet, the Temporal client.
import type { Client } from '@temporalio/client';
import type { TagActivityDeps } from '../activities/tag-activities.ts';
import { isParquet, parquetToJsonLines } from '../adapters/duckdb/parquet-to-json-lines.ts';
import { openFile } from '../adapters/files/open-file.ts';
import { spoolFile, type SpooledFile } from '../adapters/files/spool.ts';
import type { Database } from '../ports/database.ts';
import { readChannel } from '../pipelines/channels/channel-store.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { TagImportInput } from '../contracts/tag-import.ts';
import { inspectTags } from '../pipelines/tags/inspect-tags.ts';
import { threadedTagReader } from './normaliser-threads.ts';
import { isRunning } from './plan-deps.ts';

interface TagSettings {
  db: Database;
  spoolFolder: string;
  threads: number;
  temporal: Pick<Client, 'workflow'>;
}

/** What only tag events need; the rest they share with the import of contacts. */
export function tagDeps(settings: TagSettings): Pick<TagActivityDeps, 'openTagReader' | 'tagRegisterSteps'> {
  const { db, spoolFolder, threads, temporal } = settings;
  return {
    openTagReader: (plan) => threadedTagReader(plan, threads),
    tagRegisterSteps: (input, signal, onBytes) => ({
      spool: () => spoolEvents(input, spoolFolder, signal, onBytes),
      inspect: async ({ path, bytes, encoding, lostCharacters }) => {
        const channel = await readChannel(db, input.channel);
        const { rows } = await db.query<{ now: Date }>('select sluice_now() as now');
        const reader = await openFile(path);
        try {
          return await inspectTags({ reader, bytes, encoding, lostCharacters }, input, channel, rows[0]!.now);
        } finally {
          await reader.close();
        }
      },
      isRunning: (workflowId, runId) => isRunning(temporal, workflowId, runId),
    }),
  };
}

/** The file in the spool, as text. Parquet becomes JSON Lines first, so that its line is its row. */
async function spoolEvents(
  input: TagImportInput,
  spoolDir: string,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<SpooledFile> {
  const { file, encoding } = input;
  const spool = (path: string, declared: string | null) =>
    spoolFile({ path, spoolDir, signal, onProgress, ...(declared === null ? {} : { encoding: declared }) });
  if (!(await isParquet(file))) return spool(file, encoding);
  return parquetToJsonLines(file, spoolDir, signal, (lines) => spool(lines, 'utf-8')).catch((error: unknown) => {
    if (!(error instanceof PipelineError && error.code === 'file_empty')) throw error;
    // It names the text in between, which nobody knows.
    throw new PipelineError('file_empty', `The file “${file}” has no rows.`, { hint: 'Export it again.' });
  });
}
