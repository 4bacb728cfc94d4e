// Finds the services to work with: what the environment names, else the running embedded stack of the data folder.
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { openDatabase } from '../adapters/postgres/database.ts';
import type { Database } from '../ports/database.ts';
import { describeError, PipelineError } from '../contracts/pipeline-error.ts';
import type { Config } from './config.ts';
import { readRuntime } from './embedded/runtime-file.ts';
import { configuredTemporal } from './temporal-target.ts';

export interface Services {
  databaseUrl: string;
  temporal: { connection: ClientConnectConfig['connectionOptions']; namespace: string };
  /** Where people look; empty when it is not known. */
  uiUrl: string;
}

/** @throws PipelineError `no_database`, saying both ways to have one */
export function findServices(config: Config, env: NodeJS.ProcessEnv): Services {
  const runtime = readRuntime(config.dataDir);
  const databaseUrl = config.databaseUrl || runtime?.databaseUrl;
  if (!databaseUrl)
    throw new PipelineError(
      'nothing_running',
      `Nothing is running for ${config.dataDir}, and no DATABASE_URL is set.`,
      {
        hint: 'Start the stack with "sluice dev", name the data folder of one that runs with --data-dir, or add --embedded to this command to bring it up for this once.',
      },
    );
  if (!configuredTemporal(env) && runtime)
    return {
      databaseUrl,
      temporal: { connection: { address: runtime.temporalAddress }, namespace: runtime.namespace },
      uiUrl: runtime.uiUrl,
    };
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return {
    databaseUrl,
    temporal: { connection: connectionOptions, namespace: namespace ?? 'default' },
    uiUrl: runtime?.uiUrl ?? '',
  };
}

export function connectDatabase(services: Services, config: Config, applicationName: string): Database {
  return openDatabase({ url: services.databaseUrl, poolSize: config.postgresPoolSize, applicationName });
}

/** A Temporal client; close it by its connection. @throws PipelineError `temporal_unreachable` */
export async function connectTemporal(services: Pick<Services, 'temporal'>): Promise<Client> {
  try {
    const connection = await Connection.connect({ connectTimeout: '10s', ...services.temporal.connection });
    return new Client({ connection, namespace: services.temporal.namespace });
  } catch (cause) {
    const address = services.temporal.connection.address ?? 'localhost:7233';
    throw new PipelineError(
      'temporal_unreachable',
      `Temporal does not answer at ${address}: ${describeError(cause)}.`,
      {
        retry: 'later',
        hint: 'Start it with "sluice dev", or set TEMPORAL_ADDRESS.',
        cause,
      },
    );
  }
}

/** The same for an embedded stack that this process has brought up. */
export function connectToStack(stack: { temporalAddress: string; namespace: string }): Promise<Client> {
  return connectTemporal({
    temporal: { connection: { address: stack.temporalAddress }, namespace: stack.namespace },
  });
}
