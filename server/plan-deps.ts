// Wires the making of plans to its world: spool, threads that read lists, providers with their tokens, the Temporal client.
import type { Client } from '@temporalio/client';
import { openAccount, providerOf } from '../adapters/channels/providers.ts';
import { spoolFile } from '../adapters/files/spool.ts';
import type { PlanPorts } from '../pipelines/broadcast/plan-ports.ts';
import type { Channel } from '../contracts/channel.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { ProviderAccount } from '../ports/provider.ts';
import { inlineListReader, threadedListReader } from './normaliser-threads.ts';

/**
 * Bytes of a list from which threads read it. A thread takes a tenth of a second to start; above this the main thread, which
 * also delivers, would be busy longer than that.
 */
const THREADS_FROM_BYTES = 8 * 1024 * 1024;

/** Patience with a provider that is only asked for its opinion. Too low: a slow answer becomes a warning; too high: people wait. */
const PROVIDER_TIMEOUT_MS = 3_000;

type OwnPorts = Omit<PlanPorts, 'db' | 'openSpool' | 'suppressionPads' | 'writeReport' | 'isRunning'>;

/** What only plans need; the rest they share with the import. */
export function planDeps(settings: { spoolFolder: string; threads: number; env: NodeJS.ProcessEnv }): OwnPorts {
  const asked = <T>(channel: Channel, ask: (account: ProviderAccount) => Promise<T>) =>
    withAccount(channel, settings.env, ask);
  return {
    openListReader: (plan, bytes) =>
      bytes < THREADS_FROM_BYTES ? inlineListReader(plan) : threadedListReader(plan, settings.threads),
    spoolList: (input, { signal, onProgress }) =>
      spoolFile({
        path: input.csv,
        spoolDir: settings.spoolFolder,
        ...(input.encoding === null ? {} : { encoding: input.encoding }),
        signal,
        onProgress,
      }),
    provider: providerOf,
    validateAtProvider: (channel, mode, message) => asked(channel, (account) => account.validate(mode, message)),
    quotaLeft: (channel) => asked(channel, (account) => account.quotaLeft()),
  };
}

/** An account for one question, with a connection of its own. */
async function withAccount<T>(
  channel: Channel,
  env: NodeJS.ProcessEnv,
  ask: (account: ProviderAccount) => Promise<T>,
): Promise<T> {
  const secret = env[channel.secretEnv];
  if (secret === undefined || secret === '')
    throw new PipelineError(
      'secret_missing',
      `The variable ${channel.secretEnv} of channel ${channel.id} is not set.`,
      {
        hint: 'Set it to the access token, for the workers and for this command.',
      },
    );
  const account = openAccount({ channel, secret, connections: 1, timeoutMs: PROVIDER_TIMEOUT_MS });
  try {
    return await ask(account);
  } finally {
    await account.close();
  }
}

/**
 * Whether that run still runs, or one that followed it by continue-as-new; a run that Temporal no longer knows does not.
 * `runId`: the first run of the chain.
 */
export async function isRunning(
  temporal: Pick<Client, 'workflow'>,
  workflowId: string,
  runId: string,
): Promise<boolean> {
  try {
    const latest = await temporal.workflow.getHandle(workflowId).describe();
    if (latest.status.name !== 'RUNNING') return false;
    if (latest.runId === runId) return true;
    const first = latest.raw.workflowExecutionInfo?.firstRunId;
    if (first) return first === runId;
    // A server that does not tell: the chain goes on if its first run ended by going on.
    const { status } = await temporal.workflow.getHandle(workflowId, runId).describe();
    return status.name === 'RUNNING' || status.name === 'CONTINUED_AS_NEW';
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw error;
  }
}

/**
 * Whether the run of that id has not ended, whatever workflow it is of. Asked of a list that lags by seconds, so for old runs only; the
 * id stands in a query and must have been checked to be one.
 */
export async function runLives(temporal: Pick<Client, 'workflow'>, runId: string): Promise<boolean> {
  const { count } = await temporal.workflow.count(`RunId = '${runId}' AND ExecutionStatus = 'Running'`);
  return count > 0;
}
