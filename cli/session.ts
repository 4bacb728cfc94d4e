// What every command that talks to the servers shares: options, configuration, connections, and --embedded.
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { migrate } from '../adapters/postgres/migrate.ts';
import type { Database } from '../ports/database.ts';
import { loadConfig, type Config } from '../server/config.ts';
import { startStack } from '../server/embedded/embedded-stack.ts';
import { connectDatabase, connectTemporal, findServices, type Services } from '../server/services.ts';
import { configuredTemporal } from '../server/temporal-target.ts';

export interface SharedOptions {
  dataDir?: string;
  config?: string;
  json?: boolean;
  embedded?: boolean;
}

/** Connections of one command. Temporal is connected when first asked for. */
export interface Session {
  config: Config;
  services: Services;
  db: Database;
  temporal(): Promise<Client>;
}

/** Adds the options that every such command takes, and its example to `--help`. */
export function shared(command: Command, example: string): Command {
  return command
    .option('--json', 'one JSON document on stdout, everything else on stderr')
    .option('--data-dir <dir>', 'data folder (default .sluice, or SLUICE_DATA_DIR)')
    .option('--config <file>', 'JSON file with settings (default <data folder>/sluice.json)')
    .option('--embedded', 'bring the embedded stack up for this command only')
    .addHelpText('after', `\nExample:\n  $ ${example}`);
}

export function configOf(options: SharedOptions): Config {
  return loadConfig({
    env: process.env,
    file: options.config,
    overrides: options.dataDir ? { dataDir: options.dataDir } : {},
  });
}

/** Runs `work` with connections, and closes them whatever happens. */
export async function withSession<T>(options: SharedOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const config = configOf(options);
  const stop = options.embedded ? await bringUp(config, options) : async () => undefined;
  try {
    const services = findServices(config, process.env);
    const db = connectDatabase(services, config, 'sluice cli');
    let client: Client | undefined;
    try {
      return await work({
        config,
        services,
        db,
        temporal: async () => (client ??= await connectTemporal(services)),
      });
    } finally {
      await client?.connection.close();
      await db.end();
    }
  } finally {
    await stop();
  }
}

async function bringUp(config: Config, options: SharedOptions): Promise<() => Promise<void>> {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const stack = await startStack({
    config,
    say,
    env: { ...process.env, ...(options.config ? { SLUICE_CONFIG: resolve(options.config) } : {}) },
    worker: 1,
    temporal: configuredTemporal(process.env),
    migrate: async (databaseUrl) => {
      await migrate(databaseUrl, say);
    },
  });
  return () => stack.stop();
}
