// The tag frequency of `npm start`: a sample log imported, 7, 30 and 90 days counted, the report written.
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { Database } from '../ports/database.ts';
import { parseFrequencyInput, type FrequencyResult } from '../contracts/tag-frequency.ts';
import { parseTagImportInput, type TagImportResult } from '../contracts/tag-import.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { packageRoot } from '../server/package-root.ts';
import { startImport } from './follow-import.ts';
import { renderFrequency } from './frequency-page.ts';
import { say } from './output.ts';
import { renderTagImport } from './tags-import.ts';

const FILE = 'line-tag-events.csv';
const CHANNEL = 'line-tw';
/** The sample's last day, and not today: every start counts the same. */
const AS_OF = '2026-10-01T00:00:00+08:00';

/** Imports the sample log and counts it; a second start finds the log imported and counts it again, to the same checksums. */
export async function demoFrequency(db: Database, client: Client): Promise<{ text: string; done: boolean }> {
  say(`Importing examples/${FILE} into ${CHANNEL} …`);
  const input = parseTagImportInput({ file: path.join(packageRoot(), 'examples', FILE), channel: CHANNEL });
  const { importId, handle } = await startImport(db, client, {
    workflow: 'importTags',
    input,
    summary: `tag events of ${CHANNEL}`,
  });
  const imported = (await handle.result()) as TagImportResult;
  say('Computing tag frequency over 7, 30 and 90 days …');
  const frequency = (await client.workflow.execute('tagFrequency', {
    taskQueue: PIPELINE_QUEUE,
    workflowId: `tag-frequency/sample-${importId}`,
    args: [parseFrequencyInput({ asOf: AS_OF, channel: CHANNEL })],
    staticSummary: 'tag frequency 7d, 30d, 90d',
  })) as FrequencyResult;
  return {
    text: `${renderTagImport(imported)}\n\n${renderFrequency(frequency)}`,
    done: imported.state === 'done' && frequency.windows.every((window) => window.rows > 0),
  };
}
