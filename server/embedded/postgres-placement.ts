// Decides where the cluster and the programs lie, so that the OS user of Postgres can reach both. Starts no server.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PipelineError, describeError } from '../../pipelines/contracts/pipeline-error.ts';
import type { DataFolder } from './data-folder.ts';
import { binariesIn, type PostgresBinaries } from './postgres-binaries.ts';
import { canPass, canRun, type OsUser } from './postgres-os-user.ts';
import { processesIn } from './process-identity.ts';
import { POSTGRES_STOP, stopProcess } from './stop-process.ts';

export interface PostgresPlace {
  binaries: PostgresBinaries;
  /** Real path of the cluster; it need not exist yet, its parent does and belongs to the user. */
  cluster: string;
}

/**
 * Answers where to run. Without root: the data folder and node_modules themselves. As root, whatever its user cannot
 * reach moves to a folder that it can, the cluster linked from the data folder. Calling twice gives the same place.
 * A data folder that was removed and made anew gets a new cluster: the old one outside of it is deleted.
 */
export async function placePostgres(
  folder: DataFolder,
  user: OsUser,
  found: PostgresBinaries,
  say: (text: string) => void,
): Promise<PostgresPlace> {
  if (user.uid === undefined) return { binaries: found, cluster: join(realpathSync(folder.root), 'postgres') };
  const binaries = (await canRun(user, found.postgres)) ? found : await copyBinaries(user, found, say);
  return { binaries, cluster: await placeCluster(folder, user, say) };
}

/** Beside a cluster that lies outside of its data folder: the path of that folder. */
const OWNER_FILE = 'data-folder';
const bases = (): string[] => ['/var/lib/sluice', join(tmpdir(), 'sluice-root')];

/**
 * Clusters outside of data folders that are no more. They are only told, never removed by themselves: a disk that is not
 * mounted looks the same.
 */
export function abandonedClusters(): { home: string; dataDir: string }[] {
  const homes = bases().flatMap((base) => (existsSync(base) ? readdirSync(base).map((name) => join(base, name)) : []));
  return homes
    .filter((home) => existsSync(join(home, OWNER_FILE)))
    .map((home) => ({ home, dataDir: readFileSync(join(home, OWNER_FILE), 'utf8') }))
    .filter(({ dataDir }) => !existsSync(dataDir));
}

async function placeCluster(folder: DataFolder, user: OsUser, say: (text: string) => void): Promise<string> {
  const entry = lstatSync(folder.cluster, { throwIfNoEntry: false });
  if (entry?.isSymbolicLink() && existsSync(folder.cluster)) return realpathSync(folder.cluster);
  if (entry && !entry.isSymbolicLink()) {
    if (await canPass(user, folder.cluster)) return realpathSync(folder.cluster);
    throw new PipelineError('cluster_out_of_reach', `The Postgres user cannot enter ${folder.cluster}.`, {
      hint: `Let it pass (chmod o+x ${folder.root} and the folders above), or choose another --data-dir.`,
    });
  }
  if (!entry && (await canPass(user, folder.root))) return join(realpathSync(folder.root), 'postgres');
  const name = createHash('sha256').update(folder.root).digest('hex').slice(0, 16);
  const home = join(realpathSync(await reachableBase(user)), name);
  const cluster = join(home, 'postgres');
  // Without the link in the data folder this cluster belongs to one that was removed, its password with it.
  if (existsSync(cluster)) await removeCluster(cluster);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chownSync(home, user.uid ?? 0, user.gid ?? 0);
  writeFileSync(join(home, OWNER_FILE), folder.root);
  rmSync(folder.cluster, { force: true });
  symlinkSync(cluster, folder.cluster);
  say(`The Postgres user cannot enter ${folder.root}: its cluster lies in ${home}.`);
  return cluster;
}

async function removeCluster(cluster: string): Promise<void> {
  for (const server of processesIn(cluster)) await stopProcess(server, POSTGRES_STOP);
  rmSync(cluster, { recursive: true, force: true });
}

async function copyBinaries(
  user: OsUser,
  found: PostgresBinaries,
  say: (text: string) => void,
): Promise<PostgresBinaries> {
  const home = join(await reachableBase(user), `programs-${found.version}`);
  const binaries = binariesIn(join(home, 'native'), found.version);
  if (existsSync(binaries.postgres) && (await canRun(user, binaries.postgres))) return binaries;
  say(`The Postgres user cannot run the programs in ${found.native}: copying them to ${home}.`);
  const fresh = `${home}.${process.pid}.new`;
  mkdirSync(fresh, { recursive: true });
  chmodSync(fresh, 0o755);
  cpSync(found.native, join(fresh, 'native'), { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(fresh, home);
  } catch {
    // A folder is there: another process was quicker, or an older copy is broken.
    if (await canRun(user, binaries.postgres)) rmSync(fresh, { recursive: true, force: true });
    else {
      rmSync(home, { recursive: true, force: true });
      renameSync(fresh, home);
    }
  }
  return binaries;
}

/** A folder of root's own that the user can pass through. Throws PipelineError `cluster_out_of_reach`. */
async function reachableBase(user: OsUser): Promise<string> {
  const reasons: string[] = [];
  for (const base of bases()) {
    try {
      mkdirSync(dirname(base), { recursive: true });
      if (!existsSync(base)) mkdirSync(base, { mode: 0o711 });
      const stat = lstatSync(base);
      // In a shared folder such as the temporary one, somebody else's directory or link must not be trusted.
      if (!stat.isDirectory() || stat.uid !== process.getuid?.()) throw new Error('belongs to somebody else');
      chmodSync(base, 0o711);
      if (await canPass(user, base)) return base;
      reasons.push(`${base}: the Postgres user cannot enter it`);
    } catch (error) {
      reasons.push(`${base}: ${describeError(error)}`);
    }
  }
  throw new PipelineError(
    'cluster_out_of_reach',
    `No folder for Postgres that its user can enter. ${reasons.join('; ')}.`,
    {
      hint: 'Choose a --data-dir outside of root’s home, run as another user than root, or set DATABASE_URL.',
    },
  );
}
