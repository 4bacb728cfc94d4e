// Imports a contact file: inspect, stage, resolve, apply, report. Holds ids and counts; every line stays in Postgres.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { parseImportInput, type ImportResult } from '../contracts/import.ts';
import { parsedBy } from './parsed-input.ts';
import { short, steps } from './proxies.ts';
import { Channel, ImportId, Stage } from './search-attributes.ts';
import { showEnd, watchProgress, whenStopped } from './watch-import.ts';

/**
 * @param input one JSON object, `ImportInput`; the least is `{"file": "/data/contacts.csv", "channel": "line-tw"}`.
 * Started again after a cancel or a failure, with the same file and options, it goes on where the import stopped.
 */
export async function importContacts(input: unknown): Promise<ImportResult> {
  const request = parsedBy(parseImportInput, input);
  upsertSearchAttributes([
    { key: Channel, value: request.channel },
    { key: Stage, value: 'inspecting' },
  ]);
  setCurrentDetails(`**inspecting** \`${request.channel}\``);
  const registered = await steps.inspectFile(request);
  upsertSearchAttributes([{ key: ImportId, value: registered.importId }]);
  if (registered.recognised) return showEnd(registered.recognised);
  const ref = { importId: registered.importId, attempt: registered.attempt };
  const watch = watchProgress(ref);
  try {
    await steps.stageLines(ref);
    const resolved = await steps.resolveLines(ref);
    if (!resolved.rejected && !request.dryRun) await steps.applySlices(ref);
    watch.stop();
    return showEnd(await steps.reportImport(ref, resolved.rejected ? 'rejected' : 'done'));
  } catch (error) {
    watch.stop();
    showEnd(await whenStopped(error, (state, reason) => short.stopImport(ref, state, reason)));
    throw error;
  }
}
