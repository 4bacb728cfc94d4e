// Decides where the cluster and the programs lie, so that the OS user of Postgres can reach both. Starts no server.
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { PipelineError, describeError } from '../../contracts/pipeline-error.ts';
import type { DataFolder } from './data-folder.ts';
import { binariesIn, type PostgresBinaries } from './postgres-binaries.ts';
import { clusterMissing } from './postgres-cluster.ts';
import { canPass, canRun, type OsUser } from './postgres-os-user.ts';
import { clusterBases, homeName, outsideCluster, ownHome, setAside } from './outside-cluster.ts';
import { ownServers } from './own-servers.ts';
import { readSecret } from './secrets-file.ts';
import { POSTGRES_STOP, stopProcess } from './stop-process.ts';
import type { PostgresPlace } from './postgres-place.ts';

/**
 * Answers where to run. Without root: the data folder and node_modules themselves. As root, whatever its user cannot
 * reach moves to a folder that it can, the cluster linked from the data folder. Calling twice gives the same place.
 * A link that is gone is made again. A data folder that was removed and made anew gets a new cluster: the old one outside of it is set
 * aside. Throws PipelineError `cluster_out_of_reach`, `cluster_missing`.
 */
export async function placePostgres(
  folder: DataFolder,
  user: OsUser,
  found: PostgresBinaries,
  say: (text: string) => void,
  bases = clusterBases(),
): Promise<PostgresPlace> {
  if (user.uid === undefined) return { binaries: found, cluster: join(realpathSync(folder.root), 'postgres') };
  const binaries = (await canRun(user, found.postgres)) ? found : await copyBinaries(user, found, bases, say);
  return { binaries, cluster: await placeCluster(folder, user, bases, say) };
}

async function placeCluster(
  folder: DataFolder,
  user: OsUser,
  bases: string[],
  say: (text: string) => void,
): Promise<string> {
  const entry = lstatSync(folder.cluster, { throwIfNoEntry: false });
  if (entry?.isSymbolicLink() && existsSync(folder.cluster)) return realpathSync(folder.cluster);
  if (entry && !entry.isSymbolicLink()) {
    if (await canPass(user, folder.cluster)) return realpathSync(folder.cluster);
    throw new PipelineError('cluster_out_of_reach', `The Postgres user cannot enter ${folder.cluster}.`, {
      hint: `Let it pass (chmod o+x ${folder.root} and the folders above), or choose another --data-dir.`,
    });
  }
  const begun = entry ? homeOfLink(folder) : null;
  if (!entry) {
    const lost = await lostCluster(folder, bases, say);
    if (lost !== null) return lost;
    if (await canPass(user, folder.root)) return join(realpathSync(folder.root), 'postgres');
  }
  const home = begun ?? join(realpathSync(await reachableBase(user, bases)), homeName(folder.root));
  const cluster = join(home, 'postgres');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chownSync(home, user.uid ?? 0, user.gid ?? 0);
  ownHome(home, folder.root);
  rmSync(folder.cluster, { force: true });
  symlinkSync(cluster, folder.cluster);
  say(`The Postgres user cannot enter ${folder.root}: its cluster lies in ${home}.`);
  return cluster;
}

/** Where a link without a cluster points: a start was killed before it made one. Throws PipelineError `cluster_missing`. */
function homeOfLink(folder: DataFolder): string {
  const home = dirname(resolve(folder.root, readlinkSync(folder.cluster)));
  if (existsSync(home)) return home;
  throw clusterMissing(folder.cluster);
}

/**
 * The cluster of a data folder whose link is gone: with the password still there it is that folder's and linked again. Without, the
 * folder was made anew: its data are nobody's to delete, so the cluster is set aside, and null is answered.
 */
async function lostCluster(folder: DataFolder, bases: string[], say: (text: string) => void): Promise<string | null> {
  const cluster = outsideCluster(folder.root, bases);
  if (cluster === null) return null;
  if (readSecret(folder.root, 'postgresPassword') !== null) {
    symlinkSync(cluster, folder.cluster);
    say(`The link ${folder.cluster} was gone: it leads to ${cluster} again.`);
    return cluster;
  }
  for (const server of ownServers(cluster)) await stopProcess(server, POSTGRES_STOP);
  const aside = setAside(cluster);
  say(
    `${folder.root} is new. The database of an earlier folder of that name is kept in ${aside}; remove it if nobody needs it.`,
  );
  return null;
}

async function copyBinaries(
  user: OsUser,
  found: PostgresBinaries,
  bases: string[],
  say: (text: string) => void,
): Promise<PostgresBinaries> {
  const home = join(await reachableBase(user, bases), `programs-${found.version}`);
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
async function reachableBase(user: OsUser, bases: string[]): Promise<string> {
  const reasons: string[] = [];
  for (const base of bases) {
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
