// Clusters that lie outside of their data folders, where the OS user of Postgres can reach them. Finds them; removes none.
import { existsSync, lstatSync, readFileSync, readdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createHash } from 'node:crypto';

/** Beside a cluster that lies outside of its data folder: the path of that folder. */
const OWNER_FILE = 'data-folder';

/** In the name of what was set aside. */
const ASIDE = '.aside-';

/** Folders of root's own that hold such clusters; the first that the Postgres user can enter takes new ones. */
export const clusterBases = (): string[] => ['/var/lib/sluice', join(tmpdir(), 'sluice-root')];

/** The name of a data folder's home under a base: the same for one path. */
export function homeName(dataDir: string): string {
  return createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
}

/** Writes down whose home it is. */
export function ownHome(home: string, dataDir: string): void {
  writeFileSync(join(home, OWNER_FILE), dataDir);
}

/** The cluster of that data folder outside of it, linked or not; null when there is none. */
export function outsideCluster(dataDir: string, bases = clusterBases()): string | null {
  const homes = bases.map((base) => join(base, homeName(dataDir)));
  const home = homes.find((one) => ownerOf(one) === dataDir && existsSync(join(one, 'postgres', 'PG_VERSION')));
  return home === undefined ? null : join(realpathSync(home), 'postgres');
}

function ownerOf(home: string): string | null {
  const file = join(home, OWNER_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** Moves the home of a cluster out of the way, data and all; gives its new path. */
export function setAside(cluster: string): string {
  const home = dirname(cluster);
  for (let n = 1; ; n += 1) {
    const aside = `${home}${ASIDE}${n}`;
    if (lstatSync(aside, { throwIfNoEntry: false })) continue;
    renameSync(home, aside);
    return aside;
  }
}

/**
 * Clusters that no data folder uses: it is no more, or was removed and made anew. They are only told, never removed by
 * themselves: a disk that is not mounted looks the same.
 */
export function abandonedClusters(bases = clusterBases()): { home: string; dataDir: string }[] {
  const homes = bases.flatMap((base) => (existsSync(base) ? readdirSync(base).map((name) => join(base, name)) : []));
  return homes.flatMap((home) => {
    const dataDir = ownerOf(home);
    if (dataDir === null) return [];
    return basename(home).includes(ASIDE) || !existsSync(dataDir) ? [{ home, dataDir }] : [];
  });
}
