// `sluice simulate`: runs the simulated providers until told to stop. Reads options; simulates nothing itself.
import { mkdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { PROVIDERS, type ProviderName } from '../simulator/exchange.ts';
import { RATED_ENDPOINTS } from '../simulator/rate-limits.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import { lockHolder, tryPidLock, type PidLock } from '../server/embedded/pid-lock.ts';
import { onStopSignals, untilAborted } from './stop-signals.ts';

interface WebhookOption {
  provider: ProviderName;
  url: string;
}

interface SimulateOptions {
  port: number;
  host: string;
  data?: string;
  rate?: Record<string, number>;
  seed: number;
  webhook?: WebhookOption[];
  webhookSecretEnv: string;
  strictTemplates?: boolean;
}

/** Adds `simulate` to the program. The command ends with code 0 after SIGINT, SIGTERM or SIGHUP. */
export function registerSimulate(program: Command): void {
  program
    .command('simulate')
    .description('run simulated LINE and WhatsApp servers until Ctrl-C')
    .option('--port <n>', 'port to listen on; 0 takes a free one', whole, 0)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--data <dir>', 'folder for its ledger and settings; without it they are kept in memory')
    .option('--rate <endpoint=n>', 'requests a second, such as line.push=2000; 0 is no limit', rates)
    .option('--seed <n>', 'seed of its chances', whole, 1)
    .option('--webhook <provider=url>', 'where its webhooks go, such as whatsapp=http://…', webhooks)
    .option('--webhook-secret-env <name>', 'variable with the secret that signs them', 'SLUICE_SECRET_SIMULATOR')
    .option('--strict-templates', 'refuse WhatsApp templates that nobody registered')
    .option('--json', 'accepted for scripts: the ready line on stdout is JSON in any case')
    .addHelpText(
      'after',
      '\nExample:\n  $ sluice simulate --port 4010 --data .sluice/simulator --rate whatsapp.messages=1000',
    )
    .action(async (options: SimulateOptions) => {
      await simulate(options);
    });
}

async function simulate(options: SimulateOptions): Promise<void> {
  preferThisProcess();
  const dataDir = options.data === undefined ? null : resolve(options.data);
  const lock = dataDir === null ? null : lockFolder(dataDir);
  const stopWanted = new AbortController();
  const release = onStopSignals(() => stopWanted.abort());
  try {
    const simulator = await start(options, dataDir);
    console.log(JSON.stringify({ ready: true, url: simulator.url }));
    await untilAborted(stopWanted.signal);
    await simulator.close();
  } finally {
    release();
    lock?.release();
  }
}

async function start(options: SimulateOptions, dataDir: string | null): Promise<Simulator> {
  const { host, port, rate = {}, seed, webhook = [], strictTemplates = false } = options;
  const secret = process.env[options.webhookSecretEnv] ?? '';
  if (webhook.length > 0 && secret === '')
    throw new PipelineError(
      'webhook_secret_missing',
      `${options.webhookSecretEnv} is not set: webhooks must be signed.`,
      {
        hint: 'Set it, or name another variable with --webhook-secret-env.',
      },
    );
  const webhookTargets = webhook.map((target) => ({ ...target, secret }));
  try {
    return await startSimulator({ host, port, dataDir, rates: rate, seed, strictTemplates, webhooks: webhookTargets });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    throw new PipelineError('port_taken', `The simulator cannot listen on ${host}:${port} (${code}).`, {
      cause: error,
    });
  }
}

/** Two writers would count each other's messages twice. */
function lockFolder(dataDir: string): PidLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'simulator.lock');
  const lock = tryPidLock(path);
  if (lock) return lock;
  throw new PipelineError(
    'simulator_running',
    `Process ${lockHolder(path)?.pid ?? 0} already keeps its books in ${dataDir}.`,
    {
      hint: 'Use that simulator, or choose another folder with --data.',
    },
  );
}

/**
 * It is the measuring instrument: when it waits for a processor, requests look later and denser than they were sent.
 * Needs a privilege that most users do not have, and does without.
 */
function preferThisProcess(): void {
  try {
    setPriority(-5);
  } catch {
    // Not permitted.
  }
}

function whole(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new InvalidArgumentError('must be a whole number');
}

function rates(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [, name, limit] = /^([a-z]+\.[a-z]+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined || !RATED_ENDPOINTS.includes(name))
    throw new InvalidArgumentError(`must look like line.push=2000, for one of ${RATED_ENDPOINTS.join(', ')}`);
  return { ...before, [name]: Number(limit) };
}

function webhooks(text: string, before: WebhookOption[] = []): WebhookOption[] {
  const [, name, url = ''] = /^([a-z]+)=(https?:\/\/.+)$/.exec(text) ?? [];
  const provider = PROVIDERS.find((known) => known === name);
  if (!provider || !URL.canParse(url))
    throw new InvalidArgumentError(`must look like whatsapp=http://…, for one of ${PROVIDERS.join(', ')}`);
  return [...before, { provider, url }];
}
