// Imports a file of tag events: inspect, stage, resolve, apply, report. Holds ids and counts; every line stays in Postgres.
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { parseTagImportInput, TAG_OUTCOMES, type TagImportResult } from '../contracts/tag-import.ts';
import { parsedBy } from './parsed-input.ts';
import { short, steps } from './proxies.ts';
import { Channel, ImportId, Stage } from './search-attributes.ts';
import { showEnd, watchProgress, whenStopped } from './watch-import.ts';

/**
 * @param input one JSON object, `TagImportInput`; the least is `{"file": "/data/tags.csv", "channel": "line-tw"}`.
 * Started again after a cancel or a failure, with the same file and options, it goes on where the import stopped.
 */
export async function importTags(input: unknown): Promise<TagImportResult> {
  const request = parsedBy(parseTagImportInput, input);
  upsertSearchAttributes([
    { key: Channel, value: request.channel },
    { key: Stage, value: 'inspecting' },
  ]);
  setCurrentDetails(`**inspecting** tag events for \`${request.channel}\``);
  const registered = await steps.inspectTags(request);
  upsertSearchAttributes([{ key: ImportId, value: registered.importId }]);
  if (registered.recognised) return showEnd(registered.recognised, TAG_OUTCOMES);
  const ref = { importId: registered.importId, attempt: registered.attempt };
  const watch = watchProgress(ref, TAG_OUTCOMES);
  try {
    await steps.stageTags(ref);
    const resolved = await steps.resolveTags(ref);
    if (!resolved.rejected && !request.dryRun) await steps.applyTags(ref);
    watch.stop();
    return showEnd(await steps.reportTags(ref, resolved.rejected ? 'rejected' : 'done'), TAG_OUTCOMES);
  } catch (error) {
    watch.stop();
    showEnd(await whenStopped(error, (state, reason) => short.stopTags(ref, state, reason)), TAG_OUTCOMES);
    throw error;
  }
}
