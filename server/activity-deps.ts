// Wires the activities to their world: database, spool, reports, threads, the suppression key, the Temporal client.
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { isPassing } from '../activities/failures.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { openFile, writeWhole, type OpenFile } from '../adapters/files/open-file.ts';
import { spoolFile } from '../adapters/files/spool.ts';
import type { Database } from '../ports/database.ts';
import { readChannel } from '../pipelines/channels/channel-store.ts';
import type { Channel } from '../contracts/channel.ts';
import type { ImportInput } from '../contracts/import.ts';
import type { AttributeDefinition } from '../pipelines/import/column-meaning.ts';
import { inspectFile } from '../pipelines/import/inspect-file.ts';
import type { RegisteredFile, Spooled } from '../pipelines/import/register.ts';
import { checkKey } from '../pipelines/suppressions/suppression-store.ts';
import { suppressionPads } from '../pipelines/values/address-hash.ts';
import { SLICE_LINES } from '../pipelines/tags/ports.ts';
import type { Config } from './config.ts';
import { resolveSuppressionKey } from './embedded/secrets-file.ts';
import { frequencyWorld } from './frequency-deps.ts';
import { threadedNormaliser } from './normaliser-threads.ts';
import { openLanes, type Lanes } from './lanes.ts';
import { isRunning, planDeps, runLives } from './plan-deps.ts';
import { tagDeps } from './tag-deps.ts';

/** Slices of apply, and parts of resolve, at once. One more connection than cores keeps both busy while one commits. */
const IMPORT_PARALLEL = 2;

/** The channel accounts of one worker, by its settings. Opens nothing before the first request; close it. */
export function lanesOf(config: Config, db: Database): Lanes {
  return openLanes(db, process.env, { requestTimeoutMs: config.requestTimeoutMs, inFlight: config.deliveryInFlight });
}

/** What every activity of one worker shares. Opens nothing by itself. */
export function activityDeps(
  config: Config,
  db: Database,
  temporal: Pick<Client, 'workflow'>,
  lanes: Pick<Lanes, 'lane'> = lanesOf(config, db),
): ActivityDeps {
  const spoolFolder = path.join(config.dataDir, 'spool');
  const reportFolder = path.join(config.dataDir, 'reports');
  return {
    db,
    spoolFolder,
    reportFolder,
    sliceLines: config.importSliceLines,
    tagSliceLines: Math.min(config.importSliceLines, SLICE_LINES),
    parallel: IMPORT_PARALLEL,
    openNormaliser: (plan) => threadedNormaliser(plan, config.importThreads),
    openSpool: openFile,
    writeReport: (name, text) => writeWhole(reportFolder, name, text),
    suppressionPads: async () => {
      const key = resolveSuppressionKey(config);
      await checkKey(db, key);
      return suppressionPads(key);
    },
    lane: lanes.lane,
    isPassing,
    random: Math.random,
    warn: (text) => void process.stderr.write(`${text}\n`),
    ...planDeps({ spoolFolder, threads: config.importThreads, env: process.env }),
    ...tagDeps({ db, spoolFolder, threads: config.importThreads, temporal }),
    frequency: { ...frequencyWorld(config, db), runLives: (runId) => runLives(temporal, runId) },
    isRunning: (workflowId, runId) => isRunning(temporal, workflowId, runId),
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
  { bytes, encoding: encodingOf, lostCharacters }: Spooled,
  input: ImportInput,
  channel: Channel,
  definitions: AttributeDefinition[],
): Promise<RegisteredFile> {
  const { profile: file } = await inspectFile(
    { reader, bytes, encoding: encodingOf, lostCharacters },
    {
      ...input,
      channelKind: channel.kind,
      defaultCountry: channel.defaultCountry,
      timeZone: channel.timeZone,
      definitions,
    },
  );
  return {
    profile: {
      encoding: file.encoding,
      delimiter: file.delimiter,
      quote: file.quote,
      headers: file.headers,
      headerParts: file.headerParts,
      plan: file.plan,
      newAttributes: file.newAttributes,
      dataByte: file.dataByte,
      dataLine: file.dataLine,
      dataEnd: file.dataEnd,
      columns: file.columns.map(({ header, field, confidence, why }) => ({ header, field, confidence, why })),
      warnings: file.warnings,
    },
    skipped: file.skipped,
  };
}
