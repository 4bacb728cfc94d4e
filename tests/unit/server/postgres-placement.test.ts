// Where the cluster of a data folder lies when the Postgres user cannot enter it, and that no cluster is ever made over another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFolder, type DataFolder } from '../../../server/embedded/data-folder.ts';
import { abandonedClusters } from '../../../server/embedded/outside-cluster.ts';
import { ownServers } from '../../../server/embedded/own-servers.ts';
import { ensureCluster } from '../../../server/embedded/postgres-cluster.ts';
import { placePostgres } from '../../../server/embedded/postgres-placement.ts';
import { binariesIn } from '../../../server/embedded/postgres-binaries.ts';
import { keepSecret } from '../../../server/embedded/secrets-file.ts';

/** A user who owns nothing here: `nobody` on Linux. */
const NOBODY = { uid: 65534, gid: 65534 };
const found = binariesIn('/usr', '18.0');
let world: string;
let folder: DataFolder;
let bases: string[];
let said: string[];

beforeEach(() => {
  world = mkdtempSync(path.join(os.tmpdir(), 'sluice-place-'));
  chmodSync(world, 0o711);
  const root = path.join(world, 'closed', 'data');
  mkdirSync(root, { recursive: true });
  chmodSync(path.dirname(root), 0o700);
  folder = dataFolder(root);
  bases = [path.join(world, 'base')];
  said = [];
});
afterEach(() => rmSync(world, { recursive: true, force: true }));

const place = async (): Promise<string> => {
  const programs = { ...found, postgres: '/bin/true' };
  return (await placePostgres(folder, NOBODY, programs, (text) => said.push(text), bases)).cluster;
};

/** As initdb leaves it. */
function fill(cluster: string): void {
  mkdirSync(cluster, { recursive: true });
  writeFileSync(path.join(cluster, 'PG_VERSION'), '18\n');
  writeFileSync(path.join(cluster, 'everybody'), 'the data');
  keepSecret(folder.root, 'postgresPassword');
}

describe.skipIf(process.getuid?.() !== 0)(
  'as root, outside of a data folder that the Postgres user cannot enter',
  () => {
    test('a lost link is made again: the same cluster, with all its data', async () => {
      const cluster = await place();
      fill(cluster);
      rmSync(folder.cluster);
      expect(await place()).toBe(cluster);
      expect(readFileSync(path.join(cluster, 'everybody'), 'utf8')).toBe('the data');
      expect(readlinkSync(folder.cluster)).toBe(cluster);
      expect(said.at(-1)).toContain('was gone');
    });

    test('also when the folder can be entered by now', async () => {
      const cluster = await place();
      fill(cluster);
      rmSync(folder.cluster);
      chmodSync(path.dirname(folder.root), 0o711);
      chmodSync(folder.root, 0o711);
      expect(await place()).toBe(cluster);
    });

    test('a data folder that was removed and made anew gets a new one; the old one is kept beside it, and told', async () => {
      const cluster = await place();
      fill(cluster);
      rmSync(folder.root, { recursive: true });
      mkdirSync(folder.root);
      expect(await place()).toBe(cluster);
      expect(existsSync(cluster)).toBe(false);
      const [aside] = abandonedClusters(bases);
      expect(readFileSync(path.join(aside!.home, 'postgres', 'everybody'), 'utf8')).toBe('the data');
      expect(said.join('\n')).toContain(aside!.home);
    });

    test('a link into a folder that is not there is refused: its disk may only not be mounted', async () => {
      const cluster = await place();
      fill(cluster);
      rmSync(bases[0]!, { recursive: true });
      await expect(place()).rejects.toMatchObject({ code: 'cluster_missing' });
      expect(readlinkSync(folder.cluster)).toBe(cluster);
    });

    test('a start that was killed before initdb goes on', async () => {
      expect(await place()).toBe(await place());
    });
  },
);

test('initdb never takes the place of a link, nor of a folder with something in it', async () => {
  const cluster = path.join(folder.root, 'postgres');
  const make = () => ensureCluster(folder.root, { binaries: found, cluster }, {}, () => undefined);
  const { symlinkSync } = await import('node:fs');
  symlinkSync(path.join(world, 'elsewhere'), cluster);
  await expect(make()).rejects.toMatchObject({ code: 'cluster_missing' });
  expect(readlinkSync(cluster)).toBe(path.join(world, 'elsewhere'));
  rmSync(cluster);
  mkdirSync(path.join(cluster, 'base'), { recursive: true });
  await expect(make()).rejects.toMatchObject({ code: 'cluster_broken' });
  expect(existsSync(path.join(cluster, 'base'))).toBe(true);
});

describe.skipIf(process.platform !== 'linux')('whose processes those in a cluster are', () => {
  /** A living process that stands in the folder under a command line of our choice. */
  async function standing(cwd: string, argv0: string): Promise<{ pid: number; end(): Promise<void> }> {
    const child = spawn('/bin/sh', ['-c', 'echo ready; read end'], { cwd, argv0, stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    return {
      pid: child.pid!,
      end: async () => {
        child.stdin.end();
        await ended;
      },
    };
  }

  test('a shell, or another server, that stands in the folder is not ours; the one of the pid file and its backends are', async () => {
    const cluster = path.join(world, 'cluster');
    mkdirSync(cluster);
    const shell = await standing(cluster, 'sh');
    const psql = await standing(cluster, 'psql');
    const backend = await standing(cluster, 'postgres: sluice sluice [local] idle');
    const server = await standing(cluster, `postgres -D ${cluster}`);
    const reused = await standing(world, 'node');
    try {
      writeFileSync(path.join(cluster, 'postmaster.pid'), `${reused.pid}\n${cluster}\n`);
      expect(ownServers(cluster).map(({ pid }) => pid)).toEqual([backend.pid]);
      writeFileSync(path.join(cluster, 'postmaster.pid'), `${server.pid}\n${cluster}\n`);
      const own = ownServers(cluster).map(({ pid }) => pid);
      expect(own.toSorted()).toEqual([backend.pid, server.pid].toSorted());
    } finally {
      await Promise.all([shell, psql, backend, server, reused].map((one) => one.end()));
    }
  });
});
