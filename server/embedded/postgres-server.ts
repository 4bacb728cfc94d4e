// The embedded Postgres as a service: how to start it, know that it answers, and start it again after any kill.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { DataFolder } from './data-folder.ts';
import { ownServers } from './own-servers.ts';
import { readyPostgresBinaries } from './postgres-binaries.ts';
import { DATABASE, SUPERUSER, ensureCluster, postgresEnvironment } from './postgres-cluster.ts';
import { ensurePostgresUser, type OsUser } from './postgres-os-user.ts';
import { placePostgres } from './postgres-placement.ts';
import type { PostgresPlace } from './postgres-place.ts';
import { memoryLimit, postgresSettings, settingArguments, type SettingsInput } from './postgres-settings.ts';
import { runCommand } from './run-command.ts';
import type { Service } from './service.ts';
import { POSTGRES_STOP, stopProcess, waitUntil } from './stop-process.ts';

export interface EmbeddedPostgres {
  service: Service;
  /** Of the database `sluice`, with password. */
  databaseUrl: string;
}

/**
 * Backends of a killed server notice within milliseconds unless they compute; after this they are killed, which is safe:
 * the new server replays the log either way. Higher delays the restart; much lower gives them no chance to leave.
 */
const STRAY_GRACE_MS = 2_000;
/** Recovery replays at most max_wal_size (4 GB): a minute or two on a slow disk. */
const READY_TIMEOUT_MS = 300_000;
/** One attempt to connect over loopback. */
const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Makes everything ready to start the server: programs, OS user, place, cluster. Calling twice finds all of it done.
 * Throws PipelineErrors of the steps (`postgres_…`, `cluster_out_of_reach`).
 */
export async function prepareEmbeddedPostgres(
  folder: DataFolder,
  port: number,
  say: (text: string) => void,
): Promise<EmbeddedPostgres> {
  const found = readyPostgresBinaries();
  const user = await ensurePostgresUser(say);
  const place = await placePostgres(folder, user, found, say);
  const { password } = await ensureCluster(folder.root, place, user, say);
  const walCompression = await bestWalCompression(place, user);
  const settings = postgresSettings({ port, memoryBytes: memoryLimit(), walCompression });
  const url = (database: string): string => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  const service: Service = {
    name: 'postgres',
    marker: place.cluster,
    stopPlan: POSTGRES_STOP,
    readyTimeoutMs: READY_TIMEOUT_MS,
    async prepare(signal) {
      await clearLeftovers(place.cluster, signal);
      return {
        file: place.binaries.postgres,
        args: ['-D', place.cluster, ...settingArguments(settings)],
        env: postgresEnvironment(),
        cwd: dirname(place.cluster),
        ...user,
      };
    },
    isReady: () => ensureDatabase(url('postgres'), url(DATABASE)),
  };
  return { service, databaseUrl: url(DATABASE) };
}

/** The best compression of full-page images that this build of the server knows. */
async function bestWalCompression(place: PostgresPlace, user: OsUser): Promise<SettingsInput['walCompression']> {
  for (const method of ['lz4', 'pglz'] as const) {
    const args = ['-D', place.cluster, '-C', 'wal_compression', '-c', `wal_compression=${method}`];
    const options = { ...user, env: postgresEnvironment(), timeoutMs: 10_000 };
    if ((await runCommand(place.binaries.postgres, args, options)).code === 0) return method;
  }
  return 'off';
}

/**
 * After kill -9 of the server its backends still hold the shared memory, and its pid file stays. Waits for those
 * processes, ends the stubborn ones, and removes a pid file whose pid is not a server of this cluster (a reused pid would
 * make Postgres refuse to start). The caller holds the lock of the data folder, so no living supervisor owns them. Whoever else
 * stands in the folder is left alone.
 */
async function clearLeftovers(cluster: string, signal: AbortSignal): Promise<void> {
  await waitUntil(() => ownServers(cluster).length === 0, STRAY_GRACE_MS, signal);
  for (const stray of ownServers(cluster)) await stopProcess(stray, POSTGRES_STOP.slice(1));
  if (process.platform === 'linux' && ownServers(cluster).length === 0)
    rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

/** SQLSTATE: the database does not exist; another session made it first. */
const NO_DATABASE = '3D000';
const ALREADY_THERE = new Set(['42P04', '23505']);
/** Wrong password: waiting does not help. */
const WRONG_PASSWORD = '28P01';

async function ensureDatabase(adminUrl: string, databaseUrl: string): Promise<boolean> {
  try {
    await query(databaseUrl, 'SELECT 1');
    return true;
  } catch (error) {
    const code = sqlState(error);
    if (code === WRONG_PASSWORD) {
      throw new PipelineError('postgres_password_lost', 'The embedded Postgres refuses the password in secrets.json.', {
        hint: 'Restore secrets.json of the data folder from a backup, or remove the data folder to begin anew.',
      });
    }
    if (code !== NO_DATABASE) return false;
  }
  try {
    await query(adminUrl, `CREATE DATABASE ${DATABASE}`);
  } catch (error) {
    if (!ALREADY_THERE.has(sqlState(error))) return false;
  }
  return true;
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // A server that dies between two calls would otherwise end the supervisor by an unhandled 'error' event.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const sqlState = (error: unknown): string => (error as { code?: string } | null)?.code ?? '';
