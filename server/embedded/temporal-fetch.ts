// Two ways to get a Temporal program that is not there: the SDK's own download, and a build by Go. Decides on neither.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkTemporal, moveIntoCache, TEMPORAL_CLI_VERSION } from './temporal-cache.ts';
import { runCommand } from './run-command.ts';

export interface FetchOptions {
  /** Where the program has to end up. */
  cached: string;
  timeoutMs: number;
  say: (text: string) => void;
  signal?: AbortSignal | undefined;
}

/** Null when the program now lies in the cache, else why not. */
export type FetchAnswer = string | null;

/** How often a long build says that it is still at it. */
const STILL_BUILDING_MS = 20_000;

/** Starts and stops a server: the only public way to make the SDK download its program. argv: module URL, folder, version. */
const DOWNLOAD_SCRIPT = `
const [moduleUrl, downloadDir, version] = process.argv.slice(1);
const { TestWorkflowEnvironment } = (await import(moduleUrl)).default;
const executable = { type: 'cached-download', downloadDir, version };
const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
await environment.teardown();
process.exit(0);
`;

/** Lets the SDK download the program, in a process of its own that is killed when the time is over. */
export async function downloadTemporal(options: FetchOptions): Promise<FetchAnswer> {
  const { cached, timeoutMs, say, signal } = options;
  say(`Downloading the Temporal program (at most ${Math.round(timeoutMs / 1000)} s).`);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-temporal-'));
  try {
    const sdk = pathToFileURL(createRequire(import.meta.url).resolve('@temporalio/testing')).href;
    const args = ['--input-type=module', '--eval', DOWNLOAD_SCRIPT, sdk, folder, TEMPORAL_CLI_VERSION];
    const { code, output, failure } = await runCommand(process.execPath, args, { timeoutMs, signal });
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      if ((await checkTemporal(file, signal)).ok) {
        moveIntoCache(file, cached);
        return null;
      }
    }
    if (failure === 'timeout') return `no answer within ${Math.round(timeoutMs / 1000)} s`;
    return code === 0 ? 'it left no program behind' : shortReason(output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds the program from its public source with the Go tool chain. Says now and then that it still builds. */
export async function buildTemporal(options: FetchOptions): Promise<FetchAnswer> {
  const { cached, timeoutMs, say, signal } = options;
  const go = await runCommand('go', ['version'], { timeoutMs: 15_000, signal });
  if (go.code !== 0) return 'the Go tool chain is not installed';
  say(`Building the Temporal program with Go: three minutes or so, only this once.`);
  const started = Date.now();
  const ticker = setInterval(() => {
    say(`Still building the Temporal program (${Math.round((Date.now() - started) / 1000)} s).`);
  }, STILL_BUILDING_MS);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-temporal-'));
  try {
    const target = `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI_VERSION}`;
    const env = { ...process.env, GOBIN: folder };
    const { code, output, failure } = await runCommand('go', ['install', target], { env, timeoutMs, signal });
    if (failure === 'timeout') return `not done within ${Math.round(timeoutMs / 1000)} s`;
    if (code !== 0) return shortReason(output);
    const built = join(folder, 'temporal');
    const check = await checkTemporal(built, signal);
    if (!check.ok) return `the built program does not work: ${check.reason}`;
    moveIntoCache(built, cached);
    return null;
  } finally {
    clearInterval(ticker);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The last line that says something, bounded: enough to know the cause, no page of stack trace. */
function shortReason(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /error|fail|cannot|refused|denied|not found|timed? ?out/i.test(line));
  return (telling.at(-1) ?? lines.filter(Boolean).at(-1) ?? 'it failed without a word').slice(0, 200);
}
