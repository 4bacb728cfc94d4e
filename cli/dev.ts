// `sluice dev`: runs Postgres, Temporal, the simulator and workers for one data folder until it is told to stop. Wires; supervises nothing.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { migrate } from '../adapters/postgres/migrate.ts';
import { loadConfig } from '../server/config.ts';
import { startStack, type Stack } from '../server/embedded/embedded-stack.ts';
import { configuredTemporal } from '../server/temporal-target.ts';
import { wholeFrom } from './option-values.ts';
import { onStopSignals, untilAborted } from './stop-signals.ts';

interface DevOptions {
  worker: boolean;
  simulator: boolean;
  workers: number;
  dataDir?: string;
  config?: string;
  json?: boolean;
}

/** More processes than this on one machine only compete: a worker uses all that its slots allow. */
const MAX_WORKERS = 32;

/** Adds `dev` to the program. The command ends with code 0 after SIGINT, SIGTERM or SIGHUP. */
export function registerDev(program: Command): void {
  program
    .command('dev')
    .description('run Postgres, Temporal with its UI, simulated providers and workers until Ctrl-C')
    .option('--no-worker', 'start the servers only')
    .option('--no-simulator', 'leave the simulated providers out')
    .option('--workers <n>', 'how many workers', wholeFrom(1, MAX_WORKERS), 1)
    .option('--data-dir <dir>', 'data folder (default .sluice, or SLUICE_DATA_DIR)')
    .option('--config <file>', 'JSON file with settings (default <data folder>/sluice.json)')
    .option('--json', 'print one JSON line on stdout when everything answers')
    .addHelpText('after', '\nExample:\n  $ sluice dev --workers 2 --data-dir /var/lib/shop')
    .action(async (_options, command: Command) => {
      await dev(command.optsWithGlobals<DevOptions>());
    });
}

async function dev(options: DevOptions): Promise<void> {
  const say = (text: string): void => console.error(text);
  // The workers read the same file: they get its absolute path, whatever their folder.
  const env = { ...process.env, ...(options.config ? { SLUICE_CONFIG: resolve(options.config) } : {}) };
  const config = loadConfig({ env, overrides: options.dataDir ? { dataDir: options.dataDir } : {} });
  const stopWanted = new AbortController();
  const release = onStopSignals(() => {
    if (!stopWanted.signal.aborted) say('Stopping.');
    stopWanted.abort();
  });
  try {
    const stack = await startStack({
      config,
      say,
      env,
      worker: options.worker ? options.workers : 0,
      simulator: options.simulator,
      temporal: configuredTemporal(env),
      signal: stopWanted.signal,
      migrate: async (databaseUrl) => {
        await migrate(databaseUrl, say);
      },
    });
    announce(stack, config.dataDir, options);
    await untilAborted(stopWanted.signal);
    await stack.stop();
    say('Stopped: no process is left.');
  } catch (error) {
    if (!stopWanted.signal.aborted) throw error;
    say('Stopped before everything was up.');
  } finally {
    release();
  }
}

function announce(stack: Stack, dataDir: string, { json, worker }: DevOptions): void {
  const { temporalAddress, namespace, uiUrl, simulatorUrl } = stack;
  const addresses = { temporalAddress, namespace, uiUrl, simulatorUrl };
  if (json) console.log(JSON.stringify({ ready: true, pid: process.pid, dataDir, ...addresses }));
  const lines = [
    'Sluice is ready. Ctrl-C stops everything.',
    `  data folder   ${dataDir}`,
    `  Temporal      ${temporalAddress}, namespace ${namespace}`,
    ...(uiUrl ? [`  Temporal UI   ${uiUrl}`] : []),
    ...(simulatorUrl ? [`  Simulator     ${simulatorUrl}`] : []),
    ...(worker ? [] : ['  No worker runs here: start one with `sluice worker`.']),
  ];
  console.error(lines.join('\n'));
}
