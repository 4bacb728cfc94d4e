// What `npm start` runs after building: the whole stack, the samples imported and broadcast to simulated providers, the
// reports, the addresses; then it serves.
import { KINDS } from '../contracts/channel-kinds.ts';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { migrate } from '../adapters/postgres/migrate.ts';
import { addChannel, listChannels, setChannel } from '../pipelines/channels/channel-store.ts';
import type { Channel } from '../contracts/channel.ts';
import { parseImportInput, type ImportResult } from '../contracts/import.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import { startStack, type Stack } from '../server/embedded/embedded-stack.ts';
import { packageRoot } from '../server/package-root.ts';
import { connectToStack } from '../server/services.ts';
import { renderImport } from './contacts-import.ts';
import { demoBroadcasts } from './demo-broadcasts.ts';
import { demoFrequency } from './demo-frequency.ts';
import { startImport } from './follow-import.ts';
import { say } from './output.ts';
import { onStopSignals, untilAborted } from './stop-signals.ts';
import { configOf, type SharedOptions } from './session.ts';

/** The variable with the token of the sample channels; the simulated providers take any. */
const SECRET_ENV = 'SLUICE_SECRET_SAMPLE';

type SampleChannel = Pick<Channel, 'id' | 'kind' | 'defaultCountry' | 'timeZone' | 'rates'>;

/** The sample files in examples/, and the channel each belongs to. LINE is slowed down, so that a pause can be seen. */
const SAMPLES: { file: string; channel: SampleChannel }[] = [
  {
    file: 'line-contacts.csv',
    channel: { id: 'line-tw', kind: 'line', defaultCountry: 'TW', timeZone: 'Asia/Taipei', rates: { push: 60 } },
  },
  {
    file: 'whatsapp-contacts.csv',
    channel: { id: 'wa-hk', kind: 'whatsapp', defaultCountry: 'HK', timeZone: 'Asia/Hong_Kong', rates: {} },
  },
  {
    file: 'messenger-contacts.csv',
    channel: { id: 'fb-tw', kind: 'messenger', defaultCountry: 'TW', timeZone: 'Asia/Taipei', rates: {} },
  },
];

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('bring everything up, import, count and broadcast the samples, show the reports (npm start)')
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
      env: { ...process.env, [SECRET_ENV]: 'sample' },
      worker: 1,
      simulator: true,
      signal: stop.signal,
      migrate: async (url) => {
        await migrate(url, say);
      },
    });
    try {
      const { imports, frequency, broadcasts } = await runSamples(stack);
      console.log(`${imports.map(renderImport).join('\n\n')}\n\n${frequency.text}\n\n${broadcasts.text}`);
      console.log(closingWords(stack, config.dataDir));
      const done = imports.every((result) => result.state === 'done') && frequency.done && broadcasts.complete;
      if (!done) process.exitCode = 1;
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

async function runSamples(stack: Stack): Promise<{
  imports: ImportResult[];
  frequency: Awaited<ReturnType<typeof demoFrequency>>;
  broadcasts: Awaited<ReturnType<typeof demoBroadcasts>>;
}> {
  const db = openDatabase({ url: stack.databaseUrl, poolSize: 2, applicationName: 'sluice demo' });
  const client = await connectToStack(stack);
  try {
    const imports: ImportResult[] = [];
    for (const sample of SAMPLES) imports.push(await importSample(stack, db, client, sample));
    const frequency = await demoFrequency(db, client);
    return { imports, frequency, broadcasts: await demoBroadcasts(db, client) };
  } finally {
    await client.connection.close();
    await db.end();
  }
}

async function importSample(
  stack: Stack,
  db: Database,
  client: Client,
  { file, channel }: (typeof SAMPLES)[number],
): Promise<ImportResult> {
  say(`Importing examples/${file} into ${channel.id} …`);
  const facts = {
    baseUrl: `${stack.simulatorUrl}${KINDS[channel.kind].simulatedAt}`,
    senderId: channel.id,
    secretEnv: SECRET_ENV,
    enabled: true,
  };
  if ((await listChannels(db)).some(({ id }) => id === channel.id)) await setChannel(db, channel.id, facts);
  else await addChannel(db, { ...channel, ...facts });
  const input = parseImportInput({
    file: path.join(packageRoot(), 'examples', file),
    channel: channel.id,
    createAttributes: true,
    maxInvalid: 0.5,
  });
  const summary = `contacts of ${channel.id}`;
  const { handle } = await startImport(db, client, { workflow: 'importContacts', input, summary });
  return (await handle.result()) as ImportResult;
}

function closingWords(stack: Stack, dataDir: string): string {
  return [
    '',
    `Temporal UI    ${stack.uiUrl}`,
    `Temporal       ${stack.temporalAddress}, namespace ${stack.namespace}`,
    `Simulator      ${stack.simulatorUrl}/__sim/summary`,
    `Data folder    ${dataDir}`,
    'Try, in a second terminal:',
    '  npx sluice contacts search --tag VIP',
    '  npx sluice tags frequency --window 30d --as-of 2026-10-01T00:00:00+08:00',
    '  npx sluice broadcast list',
    '  npx sluice explain line-recipients.csv:30',
    '  npx sluice contacts import examples/line-contacts.csv --channel line-tw --again --dry-run --max-invalid 50',
  ].join('\n');
}
