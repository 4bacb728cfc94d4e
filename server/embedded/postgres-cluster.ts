// Makes the Postgres cluster of a data folder, once. Does not start the server.
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import type { PostgresPlace } from './postgres-place.ts';
import type { OsUser } from './postgres-os-user.ts';
import { runCommand } from './run-command.ts';
import { keepSecret, readSecret } from './secrets-file.ts';

export const SUPERUSER = 'sluice';
export const DATABASE = 'sluice';

/** initdb takes a second on an idle machine; a minute and a half covers a slow disk. */
const INITDB_TIMEOUT_MS = 90_000;

/** Environment of every Postgres program: without the caller's PG* names, which would point it elsewhere. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_'));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Makes the cluster if there is none and gives its superuser's password. An interrupted attempt leaves nothing that
 * a later call would take for a cluster. Throws PipelineError `postgres_init_failed`, `postgres_password_lost`,
 * `postgres_version_changed`, `cluster_missing`, `cluster_broken`.
 */
export async function ensureCluster(
  dataDir: string,
  place: PostgresPlace,
  user: OsUser,
  say: (text: string) => void,
): Promise<{ password: string }> {
  const { cluster, binaries } = place;
  if (existsSync(join(cluster, 'PG_VERSION'))) {
    checkVersion(place);
    const password = readSecret(dataDir, 'postgresPassword');
    if (password) return { password };
    throw new PipelineError(
      'postgres_password_lost',
      `${cluster} is a database, but secrets.json no longer has its password.`,
      {
        hint: `Restore ${join(dataDir, 'secrets.json')} from a backup, or remove ${dataDir} to begin anew without the data.`,
      },
    );
  }
  refuseToReplace(cluster);
  say('Making a new Postgres database.');
  const password = keepSecret(dataDir, 'postgresPassword');
  // Made beside and renamed when whole, so that a killed initdb is never mistaken for a database.
  const fresh = `${cluster}.new`;
  const passwordFile = `${cluster}.password`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(cluster, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user.uid !== undefined) for (const path of [fresh, passwordFile]) chownSync(path, user.uid, user.gid ?? user.uid);
  try {
    const { code, output } = await runCommand(
      binaries.initdb,
      [
        `--pgdata=${fresh}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // The same order and case rules on every system: no dependence on the C library's locales.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--no-instructions',
      ],
      { ...user, env: postgresEnvironment(), cwd: dirname(cluster), timeoutMs: INITDB_TIMEOUT_MS },
    );
    if (code !== 0) {
      throw new PipelineError(
        'postgres_init_failed',
        `initdb could not make a database in ${fresh}: ${output.trim()}`,
        {
          hint: 'Check the free space and the rights of the data folder; `sluice doctor` looks at both.',
        },
      );
    }
    renameSync(fresh, cluster);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(fresh, { recursive: true, force: true });
  }
  return { password };
}

/** A link without an end, and a folder with anything in it, may be somebody's data: initdb makes neither over. */
function refuseToReplace(cluster: string): void {
  const entry = lstatSync(cluster, { throwIfNoEntry: false });
  if (entry?.isSymbolicLink() && !existsSync(cluster)) throw clusterMissing(cluster);
  if (!entry || readdirSync(cluster).length === 0) return;
  throw new PipelineError('cluster_broken', `${cluster} holds something, but no Postgres database (no PG_VERSION).`, {
    hint: 'Restore it from a backup, or move it away to begin anew without its data.',
  });
}

/** The data folder's link to its cluster leads nowhere. */
export function clusterMissing(link: string): PipelineError {
  return new PipelineError('cluster_missing', `${link} is a link, and what it leads to is not there.`, {
    hint: 'Mount or restore it. To begin anew without the data, remove the link.',
  });
}

function checkVersion({ cluster, binaries }: PostgresPlace): void {
  const found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  const wanted = binaries.version.split('.')[0];
  if (found === wanted) return;
  throw new PipelineError(
    'postgres_version_changed',
    `${cluster} was made by Postgres ${found}; the programs here are ${wanted}.`,
    {
      hint: `Dump it with Postgres ${found} and restore it into a new data folder, or go back to the older Sluice.`,
    },
  );
}
