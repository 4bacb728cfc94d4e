// Wires the activities to their world: database, spool, reports, threads, the suppression key, the Temporal client.
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { ActivityDeps } from '../activities/index.ts';
import { openFile, writeWhole, type OpenFile } from '../adapters/files/open-file.ts';
import { spoolFile } from '../adapters/files/spool.ts';
import type { Database } from '../adapters/postgres/database.ts';
import { readChannel } from '../pipelines/channels/channel-store.ts';
import type { Channel } from '../pipelines/contracts/channel.ts';
import type { ImportInput } from '../pipelines/contracts/import.ts';
import type { AttributeDefinition } from '../pipelines/import/header-mapping.ts';
import { inspectFile } from '../pipelines/import/inspect-file.ts';
import type { RegisteredFile } from '../pipelines/import/register.ts';
import { checkKey } from '../pipelines/suppressions/suppression-store.ts';
import { suppressionPads } from '../pipelines/suppressions/address-hash.ts';
import type { Config } from './config.ts';
import { resolveSuppressionKey } from './embedded/secrets-file.ts';
import { threadedNormaliser } from './normaliser-threads.ts';

/** Slices of apply, and parts of resolve, at once. One more connection than cores keeps both busy while one commits. */
const IMPORT_PARALLEL = 2;

/** What every activity of one worker shares. Opens nothing by itself. */
export function activityDeps(config: Config, db: Database, temporal: Pick<Client, 'workflow'>): ActivityDeps {
  const spoolFolder = path.join(config.dataDir, 'spool');
  const reportFolder = path.join(config.dataDir, 'reports');
  return {
    db,
    spoolFolder,
    reportFolder,
    sliceLines: config.importSliceLines,
    parallel: IMPORT_PARALLEL,
    openNormaliser: (plan) => threadedNormaliser(plan, config.importThreads),
    openSpool: openFile,
    writeReport: (name, text) => writeWhole(reportFolder, name, text),
    suppressionPads: async () => {
      const key = resolveSuppressionKey(config);
      await checkKey(db, key);
      return suppressionPads(key);
    },
    registerSteps: (input, signal, onBytes) => ({
      spool: () =>
        spoolFile({
          path: input.file,
          spoolDir: spoolFolder,
          ...(input.encoding === null ? {} : { encoding: input.encoding }),
          signal,
          onProgress: onBytes,
        }),
      inspect: async (spooled, definitions) => {
        const channel = await readChannel(db, input.channel);
        const file = await openFile(spooled.path);
        try {
          return await inspectForImport(file, spooled, input, channel, definitions);
        } finally {
          await file.close();
        }
      },
      isRunning: (workflowId, runId) => isRunning(temporal, workflowId, runId),
    }),
  };
}

async function inspectForImport(
  reader: OpenFile,
  spooled: { bytes: number; encoding: string },
  input: ImportInput,
  channel: Channel,
  definitions: AttributeDefinition[],
): Promise<RegisteredFile> {
  const { profile } = await inspectFile(
    { reader, bytes: spooled.bytes, encoding: spooled.encoding },
    {
      ...input,
      channelKind: channel.kind,
      defaultCountry: channel.defaultCountry,
      timeZone: channel.timeZone,
      definitions,
    },
  );
  const { encoding, delimiter, quote, headers, plan, dataByte, dataLine, skipped, newAttributes } = profile;
  return {
    profile: { encoding, delimiter, quote, headers, plan, newAttributes, dataByte, dataLine },
    skipped,
  };
}

/** Whether that run still runs; a run that Temporal no longer knows does not. */
async function isRunning(temporal: Pick<Client, 'workflow'>, workflowId: string, runId: string): Promise<boolean> {
  try {
    const { status } = await temporal.workflow.getHandle(workflowId, runId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}
