// What `npm start` runs after building: the whole stack, the samples imported, the reports, the addresses; then it serves.
import path from 'node:path';
import type { Command } from 'commander';
import { migrate } from '../adapters/postgres/migrate.ts';
import { addChannel } from '../pipelines/channels/channel-store.ts';
import type { Channel } from '../pipelines/contracts/channel.ts';
import { parseImportInput, type ImportResult } from '../pipelines/contracts/import.ts';
import { PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { PIPELINE_QUEUE } from '../pipelines/contracts/task-queues.ts';
import { openDatabase } from '../adapters/postgres/database.ts';
import { startStack, type Stack } from '../server/embedded/embedded-stack.ts';
import { packageRoot } from '../server/package-root.ts';
import { connectTemporal } from '../server/services.ts';
import { renderImport } from './contacts-import.ts';
import { say } from './output.ts';
import { onStopSignals, untilAborted } from './stop-signals.ts';
import { configOf, type SharedOptions } from './session.ts';

/** The sample files in examples/, and the channel each belongs to. No token is needed: importing sends nothing. */
const SAMPLES: { file: string; channel: Pick<Channel, 'id' | 'kind' | 'defaultCountry' | 'timeZone'> }[] = [
  {
    file: 'line-contacts.csv',
    channel: { id: 'line-tw', kind: 'line', defaultCountry: 'TW', timeZone: 'Asia/Taipei' },
  },
  {
    file: 'whatsapp-contacts.csv',
    channel: { id: 'wa-hk', kind: 'whatsapp', defaultCountry: 'HK', timeZone: 'Asia/Hong_Kong' },
  },
  {
    file: 'messenger-contacts.csv',
    channel: { id: 'fb-tw', kind: 'messenger', defaultCountry: 'TW', timeZone: 'Asia/Taipei' },
  },
];

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('bring everything up, import the samples, show the reports (npm start)')
    .option('--exit', 'end after the report instead of serving')
    .option('--data-dir <dir>', 'data folder (default .sluice, or SLUICE_DATA_DIR)')
    .addHelpText('after', '\nExample:\n  $ npm start -- --exit')
    .action(async (options: SharedOptions & { exit?: boolean }) => demo(options));
}

async function demo(options: SharedOptions & { exit?: boolean }): Promise<void> {
  const stop = new AbortController();
  const release = onStopSignals(() => stop.abort());
  try {
    const config = configOf(options);
    if (config.databaseUrl !== '')
      throw new PipelineError('demo_database', 'DATABASE_URL is set: the samples would go into that database.', {
        hint: 'Unset it, or use sluice migrate, sluice worker and sluice contacts import.',
      });
    const stack = await startStack({
      config,
      say,
      worker: 1,
      signal: stop.signal,
      migrate: async (url) => {
        await migrate(url, say);
      },
    });
    try {
      const results = await importSamples(stack);
      console.log(results.map(renderImport).join('\n\n'));
      console.log(closingWords(stack, config.dataDir));
      if (results.some((result) => result.state !== 'done')) process.exitCode = 1;
      if (!options.exit) await untilAborted(stop.signal);
    } finally {
      say('Stopping.');
      await stack.stop();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    release();
  }
}

async function importSamples(stack: Stack): Promise<ImportResult[]> {
  const db = openDatabase({ url: stack.databaseUrl, poolSize: 2, applicationName: 'sluice demo' });
  const client = await connectTemporal({
    databaseUrl: stack.databaseUrl,
    temporal: { connection: { address: stack.temporalAddress }, namespace: stack.namespace },
    uiUrl: stack.uiUrl,
  });
  try {
    const results: ImportResult[] = [];
    for (const sample of SAMPLES) {
      say(`Importing examples/${sample.file} into ${sample.channel.id} …`);
      await addChannel(db, {
        ...sample.channel,
        baseUrl: 'http://127.0.0.1:8099',
        senderId: 'sample',
        secretEnv: 'SLUICE_SECRET_SAMPLE',
        rates: {},
        enabled: true,
      });
      const { rows } = await db.query<{ id: string }>(`select nextval('imports_id_seq') as id`);
      const importId = rows[0]!.id;
      const input = parseImportInput({
        importId,
        file: path.join(packageRoot(), 'examples', sample.file),
        channel: sample.channel.id,
        createAttributes: true,
        maxInvalid: 0.5,
      });
      results.push(
        (await client.workflow.execute('importContacts', {
          taskQueue: PIPELINE_QUEUE,
          workflowId: `import/${importId}`,
          args: [input],
          staticSummary: `contacts of ${sample.channel.id}`,
        })) as ImportResult,
      );
    }
    return results;
  } finally {
    await client.connection.close();
    await db.end();
  }
}

function closingWords(stack: Stack, dataDir: string): string {
  return [
    '',
    `Temporal UI    ${stack.uiUrl}`,
    `Temporal       ${stack.temporalAddress}, namespace ${stack.namespace}`,
    `Data folder    ${dataDir}`,
    'Try, in a second terminal:',
    '  npx sluice contacts search --tag VIP',
    '  npx sluice contacts import examples/line-contacts.csv --channel line-tw --again --dry-run --max-invalid 50',
  ].join('\n');
}
