// The steps that the scripts share: check Node, install, build. Node built-ins only: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The oldest Node that loads an ES module by require, which the Temporal SDK needs. */
const OLDEST_NODE = [20, 19];

/** Progress goes to stderr: stdout belongs to the command that is run in the end. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Ends the process with a clear sentence when this Node is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  say(`Sluice needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node} (${process.execPath}).`);
  say('Install a newer one (for example: nvm install 22), then run the same command again.');
  process.exit(1);
}

/** Runs a program in the project's folder with this terminal; true when it ends well. */
export function runStep(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) say(`${file} could not be started: ${result.error.message}`);
  return result.status === 0;
}

/** Installs the packages when they are missing or older than package-lock.json. True when they are there. */
export function ensureInstalled() {
  const lock = join(root, 'package-lock.json');
  const installed = join(root, 'node_modules', '.package-lock.json');
  const stamp = join(root, 'node_modules', '.sluice-lock-sha256');
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return true;
  // Installed by hand: npm writes its own copy of the lock when it is done.
  const fresh = !existsSync(stamp) && existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
  if (!fresh) {
    say(
      existsSync(installed)
        ? 'Packages changed: installing (npm ci).'
        : 'Installing packages (npm ci): a minute or so.',
    );
    // Standard output of npm would mix with that of the command.
    const stdio = ['ignore', process.stderr, process.stderr];
    const npm = process.env.npm_execpath;
    const done = npm
      ? runStep(process.execPath, [npm, 'ci', '--include=dev'], { stdio })
      : runStep('npm', ['ci', '--include=dev'], { stdio });
    if (!done) {
      say('npm ci failed; its reason stands above. It needs the package registry or a filled npm cache.');
      return false;
    }
  }
  writeFileSync(stamp, digest);
  return true;
}

/** Compiles what changed. True when dist/ is up to date. */
export function ensureBuilt() {
  return runStep(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: ['ignore', process.stderr, process.stderr],
  });
}

/**
 * Runs a long program, passes it the signals that this process gets, and answers its exit code. The program leads its own
 * process group, so that Ctrl-C reaches it once (from here) and not twice.
 */
export function runAndForward(file, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: process.cwd(), stdio: 'inherit', detached: true, env });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('error', (error) => {
      say(`${file} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
