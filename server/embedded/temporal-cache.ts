// The per-user cache of the Temporal program: where it lies, how a new one gets in, and what counts as a working one.
import { accessSync, chmodSync, constants, copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { runCommand } from './run-command.ts';

/** The newest version that `go install` can build (later ones carry a `replace`); its server is 1.29.1. */
export const TEMPORAL_CLI_VERSION = 'v1.5.1';

/** The oldest server that Sluice promises to work with. Older ones lack the update and queue calls it makes. */
const OLDEST_SERVER = [1, 29] as const;
/** `temporal --version` takes 30 ms; longer means a program that is not what it claims. */
const VERSION_TIMEOUT_MS = 15_000;

type Env = Record<string, string | undefined>;

/** Path of the cached program, whether or not it is there. */
export function cachedTemporal(env: Env): string {
  const given = env['XDG_CACHE_HOME'];
  // The XDG rules: a relative value is invalid and to be ignored.
  const base = given && isAbsolute(given) ? given : join(env['HOME'] || homedir(), '.cache');
  return join(base, 'sluice', 'temporal', TEMPORAL_CLI_VERSION, 'temporal');
}

export type BinaryCheck = { ok: true; server: string } | { ok: false; reason: string };

/** Starts the program once to see what it is. Never throws: a missing file is an answer. */
export async function checkTemporal(path: string, signal?: AbortSignal): Promise<BinaryCheck> {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return { ok: false, reason: 'no executable file there' };
  }
  const { code, output } = await runCommand(path, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS, signal });
  const [, server, major, minor] = /Server ((\d+)\.(\d+)[^\s,)]*)/.exec(output) ?? [];
  if (code !== 0 || !server) return { ok: false, reason: 'does not answer to --version like the Temporal program' };
  const newEnough =
    Number(major) > OLDEST_SERVER[0] || (Number(major) === OLDEST_SERVER[0] && Number(minor) >= OLDEST_SERVER[1]);
  return newEnough
    ? { ok: true, server }
    : { ok: false, reason: `its server ${server} is older than ${OLDEST_SERVER.join('.')}` };
}

/** Puts a program into the cache in one step: whoever looks sees none or a whole one, also after a kill. */
export function moveIntoCache(program: string, cached: string): void {
  const fresh = `${cached}.${process.pid}.new`;
  mkdirSync(dirname(cached), { recursive: true });
  try {
    // Copied, not renamed: the source may lie on another file system.
    copyFileSync(program, fresh);
    chmodSync(fresh, 0o755);
    renameSync(fresh, cached);
  } finally {
    rmSync(fresh, { force: true });
  }
}
