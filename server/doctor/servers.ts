// The doctor's look at what runs: the stack of the data folder, Postgres and its schema, Temporal. Changes nothing.
import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import pg from 'pg';
import { shippedMigrations } from '../../adapters/postgres/migrate.ts';
import { unservedChannels } from '../../pipelines/channels/channel-workers.ts';
import { describeError } from '../../contracts/pipeline-error.ts';
import { maskUrl, type Config } from '../config.ts';
import { dataFolder } from '../embedded/data-folder.ts';
import { readRuntime, type Runtime } from '../embedded/runtime-file.ts';
import { temporalClientEnvironment } from '../embedded/temporal-server.ts';
import { missing, note, ok, type Check } from './check.ts';

/** Patience with a server. Longer makes the doctor feel stuck; shorter calls a far-away server dead. */
const CONNECT_TIMEOUT_MS = 5_000;
const START = 'npx sluice dev';

/** All looks at the servers. `external` is the Temporal server that the environment names, if any. */
export async function checkServers(
  config: Config,
  env: NodeJS.ProcessEnv,
  external: { address: string } | undefined,
): Promise<Check[]> {
  const runtime = readRuntime(config.dataDir);
  const databaseUrl = config.databaseUrl || runtime?.databaseUrl;
  const address = external?.address ?? runtime?.temporalAddress;
  return [
    checkStack(runtime, config.databaseUrl !== '' && external !== undefined),
    ...(databaseUrl ? await checkPostgres(databaseUrl, config.databaseUrl !== '') : []),
    ...(address
      ? [
          await checkTemporal(
            address,
            external ? env : temporalClientEnvironment(env, address, dataFolder(config.dataDir)),
          ),
        ]
      : []),
  ];
}

function checkStack(runtime: Runtime | null, allElsewhere: boolean): Check {
  const name = 'running stack';
  if (!runtime) return note(name, 'none for this data folder', allElsewhere ? null : START);
  const children = Object.entries(runtime.children).map(([child, { pid }]) => `${child} ${pid}`);
  const state = runtime.ready ? 'ready' : 'still starting';
  return ok(
    name,
    `pid ${runtime.pid}, ${state}: ${children.join(', ') || 'no children'}${runtime.uiUrl ? `; UI ${runtime.uiUrl}` : ''}`,
  );
}

async function checkPostgres(databaseUrl: string, configured: boolean): Promise<Check[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  const where = maskUrl(databaseUrl);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    const migrations = await checkMigrations(client);
    const channels = migrations.state === 'ok' ? [await checkChannels(client)] : [];
    return [ok('Postgres', `${rows[0]?.server_version} at ${where}`), migrations, ...channels];
  } catch (error) {
    const fix = configured ? 'export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/DATABASE' : START;
    return [missing('Postgres', `no answer from ${where} (${describeError(error)})`, fix)];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether somebody delivers: a channel is served by workers that have its token. */
async function checkChannels(client: pg.Client): Promise<Check> {
  const name = 'channels served';
  const unserved = await unservedChannels({
    query: async <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []) => {
      const { rows, rowCount } = await client.query<Row>(text, [...values]);
      return { rows, rowCount: rowCount ?? 0 };
    },
  });
  const [first] = unserved.sort((a, b) => Number(b.awaited) - Number(a.awaited));
  if (first === undefined) return ok(name, 'each enabled channel by a worker');
  const found = unserved.map(({ id, awaited }) => `${id}${awaited ? ' (a broadcast waits)' : ''}`).join(', ');
  const fix = `${first.secretEnv}=… npx sluice worker`;
  return first.awaited ? missing(name, `no worker serves ${found}`, fix) : note(name, `no worker serves ${found}`, fix);
}

/** SQLSTATE: the table does not exist, so nothing was ever migrated. */
const NO_TABLE = '42P01';

async function checkMigrations(client: pg.Client): Promise<Check> {
  const name = 'migrations';
  try {
    const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migrations');
    const applied = new Set(rows.map((row) => row.name));
    const pending = (await shippedMigrations()).filter((migration) => !applied.has(migration.name));
    if (pending.length === 0) return ok(name, `${applied.size} applied, none pending`);
    return missing(name, `${pending.length} pending, the first is ${pending[0]?.name}`, 'npx sluice migrate');
  } catch (error) {
    if ((error as { code?: unknown }).code === NO_TABLE) return missing(name, 'none applied', 'npx sluice migrate');
    return note(name, `state unknown (${describeError(error)})`, 'npx sluice migrate');
  }
}

async function checkTemporal(address: string, env: NodeJS.ProcessEnv): Promise<Check> {
  let connection: Connection | undefined;
  try {
    const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({
      overrideEnvVars: Object.fromEntries(given),
    });
    connection = await Connection.connect({ ...connectionOptions, address, connectTimeout: CONNECT_TIMEOUT_MS });
    const { serverVersion } = await connection.workflowService.getSystemInfo({});
    await connection.workflowService.describeNamespace({ namespace });
    return ok('Temporal', `server ${serverVersion} at ${address}, namespace ${namespace}`);
  } catch (error) {
    return missing('Temporal', `no answer from ${address} (${describeError(error)})`, START);
  } finally {
    await connection?.close();
  }
}
