// Chooses loopback ports and keeps them for a data folder, so that clients find a restarted server where it was.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { dataFolder, readJsonObject, writePrivateFile } from './data-folder.ts';

export type PortName = 'postgres' | 'temporal' | 'ui' | 'simulator';
export type Ports = Record<PortName, number>;

/**
 * Below the ranges from which Linux (32768) and macOS (49152) take ports for outgoing connections. Inside that range, a
 * client that keeps calling a dead server's port may be given that very port and connect to itself, and the server
 * never gets it back.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 31_999;
/** Random tries before giving up; that many taken ones in a row means something else is wrong. */
const TRIES = 200;

/** True when a server could listen on this loopback port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A free loopback port that is not in `taken`. Throws PipelineError `no_free_port`. */
export async function freePort(taken: Iterable<number> = []): Promise<number> {
  const used = new Set(taken);
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (!used.has(port) && (await isPortFree(port))) return port;
  }
  throw new PipelineError('no_free_port', `No free port between ${FIRST_PORT} and ${LAST_PORT}.`, {
    hint: 'Set SLUICE_POSTGRES_PORT, SLUICE_TEMPORAL_PORT, SLUICE_UI_PORT and SLUICE_SIMULATOR_PORT to free ports.',
  });
}

/**
 * The ports of a data folder: the configured one (0 = none), else the one used last time when it is free, else a new one.
 * Only those that `configured` names. Writes `ports.json`, where the others stay as they are; a second call gives the same
 * ports unless someone took one. Throws `port_taken` for a configured one.
 */
export async function keepPorts<Name extends PortName>(
  dataDir: string,
  configured: Record<Name, number>,
): Promise<Record<Name, number>> {
  const { portsFile } = dataFolder(dataDir);
  const last = readJsonObject(portsFile) ?? {};
  const ports: Partial<Record<Name, number>> = {};
  for (const name of Object.keys(configured) as Name[]) {
    const kept = last[name];
    if (configured[name] !== 0) ports[name] = await claimConfigured(name, configured[name]);
    else if (typeof kept === 'number' && !values(ports).includes(kept) && (await isPortFree(kept))) ports[name] = kept;
    else ports[name] = await freePort([...values(ports), ...values(configured), ...values(last)]);
  }
  writePrivateFile(portsFile, `${JSON.stringify({ ...last, ...ports }, null, 2)}\n`);
  return ports as Record<Name, number>;
}

const values = (ports: Record<string, unknown>): number[] =>
  Object.values(ports).filter((port) => typeof port === 'number');

async function claimConfigured(name: PortName, port: number): Promise<number> {
  if (await isPortFree(port)) return port;
  throw new PipelineError('port_taken', `Port ${port}, configured for ${name}, is in use.`, {
    hint: `End the program that listens there, or set SLUICE_${name.toUpperCase()}_PORT to 0 for a free port.`,
    details: { port },
  });
}
