// Which processes of a Postgres cluster are its server and the server's own: by pid file and command line. Only looks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, identify, processesIn, type ProcessIdentity } from './process-identity.ts';

/** Every process of a server but the server itself names itself so. */
const BACKEND = 'postgres: ';

/**
 * The server of the pid file, where its command line names the cluster, and backends: they stand in the cluster and name
 * themselves so. Whoever else stands there, a person's shell or editor, is none of ours. Linux only; elsewhere empty.
 */
export function ownServers(cluster: string): ProcessIdentity[] {
  const server = serverOf(cluster);
  const backends = processesIn(cluster).filter(({ pid }) => commandLine(pid).startsWith(BACKEND));
  return server && process.platform === 'linux' ? [server, ...backends] : backends;
}

/** The living server that the pid file of the cluster names, or null: none, or the pid is another program's by now. */
export function serverOf(cluster: string): ProcessIdentity | null {
  let pid: number;
  try {
    pid = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return null;
  }
  return `${commandLine(pid)} `.includes(` -D ${cluster} `) ? identify(pid) : null;
}
