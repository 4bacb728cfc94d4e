// Tells other processes where the running stack of a data folder is, and a new supervisor what a killed one left behind.
import { rmSync } from 'node:fs';
import { dataFolder, readJsonObject, writePrivateFile } from './data-folder.ts';
import { commandLine, isSameProcess, type ProcessIdentity } from './process-identity.ts';

export interface ChildIdentity extends ProcessIdentity {
  /** A part of its command line, the second proof that a pid is still the child and not a stranger. */
  marker: string;
}

export interface Runtime extends ProcessIdentity {
  /** False until migrations ran and all children answered once. */
  ready: boolean;
  databaseUrl: string;
  temporalAddress: string;
  /** Empty without a UI. */
  uiUrl: string;
  /** Absent without a simulator. */
  simulatorUrl?: string;
  namespace: string;
  children: Record<string, ChildIdentity>;
}

/** Writes the file (0600, it holds the database password) whole or not at all. */
export function writeRuntime(dataDir: string, runtime: Runtime): void {
  writePrivateFile(dataFolder(dataDir).runtimeFile, `${JSON.stringify(runtime, null, 2)}\n`);
}

/** Removes the file. Twice is harmless. */
export function removeRuntime(dataDir: string): void {
  rmSync(dataFolder(dataDir).runtimeFile, { force: true });
}

/**
 * The stack that runs for this data folder, or null: no file, a broken one, or one whose supervisor is dead (also when
 * its pid belongs to another process by now). Look at `ready` before using the addresses.
 */
export function readRuntime(dataDir: string): Runtime | null {
  const runtime = readLeftRuntime(dataDir);
  return runtime && isSameProcess(runtime) ? runtime : null;
}

/** What the file says, whether or not its supervisor lives. Null when it is missing or not to be understood. */
export function readLeftRuntime(dataDir: string): Runtime | null {
  let value: Record<string, unknown> | null;
  try {
    value = readJsonObject(dataFolder(dataDir).runtimeFile);
  } catch {
    return null;
  }
  if (!value || !isIdentity(value)) return null;
  const text = (key: string): string => (typeof value[key] === 'string' ? value[key] : '');
  const children: Record<string, ChildIdentity> = {};
  for (const [name, child] of Object.entries(value['children'] ?? {}) as [string, unknown][]) {
    if (isIdentity(child) && typeof child['marker'] === 'string') {
      children[name] = { pid: child.pid, startedAt: child.startedAt, marker: child['marker'] };
    }
  }
  return {
    pid: value.pid,
    startedAt: value.startedAt,
    ready: value['ready'] === true,
    databaseUrl: text('databaseUrl'),
    temporalAddress: text('temporalAddress'),
    uiUrl: text('uiUrl'),
    ...(text('simulatorUrl') === '' ? {} : { simulatorUrl: text('simulatorUrl') }),
    namespace: text('namespace'),
    children,
  };
}

/** Children of a dead supervisor that still run, proven by start time and command line, in the order they were started. */
export function findOrphans(dataDir: string): { name: string; child: ChildIdentity }[] {
  const runtime = readLeftRuntime(dataDir);
  if (!runtime || isSameProcess(runtime)) return [];
  return Object.entries(runtime.children)
    .filter(([, child]) => isSameProcess(child) && commandLine(child.pid).includes(child.marker))
    .map(([name, child]) => ({ name, child }));
}

function isIdentity(value: unknown): value is ProcessIdentity & Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startedAt } = value as Record<string, unknown>;
  return typeof pid === 'number' && typeof startedAt === 'string';
}
