// The accounts that this worker sends through: one a channel, its connections and permits shared by all slices, the secret
// taken from the environment.
import type { Database } from '../ports/database.ts';
import { openAccount, providerOf } from '../adapters/channels/providers.ts';
import { rateOf, readChannel } from '../pipelines/channels/channel-store.ts';
import type { Channel } from '../contracts/channel.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { ProviderAccount } from '../ports/provider.ts';
import { KINDS } from '../contracts/channel-kinds.ts';
import { InFlight } from '../pipelines/delivery/in-flight.ts';
import type { Lane } from '../pipelines/delivery/ports.ts';
import { ServerClock } from '../pipelines/limiter/server-clock.ts';

/**
 * Connections of an account without any limit. Lower: a server that answers slowly is not used; higher: this process and the
 * server spend their time on sockets (undici alone does half as much with 256 as with 16 or 64).
 */
export const CONNECTIONS_WITHOUT_LIMIT = 64;

/** Connections of an account with a limit: as many as may ever be in flight; each is opened when it is needed. */
const CONNECTIONS_WITH_LIMIT = 512;

export interface Lanes {
  lane(channelId: string, endpoint: string): Promise<Lane>;
  account(channelId: string): Promise<{ channel: Channel; account: ProviderAccount }>;
  /** Whether this worker has the channel's token. */
  canServe(channel: Channel): boolean;
  /** Requests of a channel that one crash of this worker can leave without a known end, as it stands now. */
  inFlightBound(channel: Channel): number;
  close(): Promise<void>;
}

interface OpenAccount {
  facts: string;
  account: ProviderAccount;
  inFlight: Map<string, InFlight>;
}

/** Opens accounts when they are first asked for, and again when a channel's address or secret has changed. */
export function openLanes(
  db: Database,
  env: Record<string, string | undefined>,
  settings: { requestTimeoutMs: number; inFlight: number },
): Lanes {
  const clock = new ServerClock(
    () => performance.now(),
    () => Date.now(),
  );
  const accounts = new Map<string, OpenAccount>();
  const outdated: ProviderAccount[] = [];

  const open = async (channelId: string): Promise<{ channel: Channel; opened: OpenAccount }> => {
    const channel = await readChannel(db, channelId);
    const secret = env[channel.secretEnv];
    if (secret === undefined || secret === '')
      throw new PipelineError('secret_missing', `This worker has no access token for channel "${channel.id}".`, {
        // Another worker may have it.
        retry: 'later',
        hint: `Set ${channel.secretEnv} in the environment of the workers that are to serve it, and start them again.`,
      });
    const connections = connectionsOf(channel, settings.inFlight);
    const facts = JSON.stringify([channel.kind, channel.baseUrl, channel.senderId, secret, connections]);
    let opened = accounts.get(channelId);
    if (opened?.facts !== facts) {
      // Requests under way still use the old one; it is closed with the worker.
      if (opened) outdated.push(opened.account);
      const account = openAccount({
        channel,
        secret,
        connections,
        timeoutMs: settings.requestTimeoutMs,
      });
      opened = { facts, account, inFlight: new Map() };
      accounts.set(channelId, opened);
    }
    return { channel, opened };
  };

  return {
    account: async (channelId) => {
      const { channel, opened } = await open(channelId);
      return { channel, account: opened.account };
    },
    lane: async (channelId, endpoint) => {
      const { channel, opened } = await open(channelId);
      const rate = rateOf(channel, endpoint);
      let inFlight = opened.inFlight.get(endpoint);
      if (inFlight) inFlight.setRate(rate);
      else
        opened.inFlight.set(
          endpoint,
          (inFlight = new InFlight(rate, settings.inFlight, connectionsOf(channel, settings.inFlight))),
        );
      return { channel, provider: providerOf(channel.kind), account: opened.account, inFlight, clock };
    },
    canServe: (channel) => (env[channel.secretEnv] ?? '') !== '',
    inFlightBound: (channel) =>
      KINDS[channel.kind].endpoints
        .map((endpoint) => {
          const open = accounts.get(channel.id)?.inFlight.get(endpoint);
          return open?.permits.limit ?? new InFlight(rateOf(channel, endpoint), settings.inFlight, 1).permits.limit;
        })
        .reduce((most, one) => Math.max(most, one), 0),
    close: async () => {
      await Promise.all([...outdated, ...[...accounts.values()].map(({ account }) => account)].map((a) => a.close()));
    },
  };
}

/** As many as requests may be on their way: one that waits for a connection would miss its slot. */
function connectionsOf(channel: Channel, inFlight: number): number {
  if (inFlight > 0) return inFlight;
  const rates = KINDS[channel.kind].endpoints.map((endpoint) => rateOf(channel, endpoint)).filter((rate) => rate > 0);
  return rates.length === 0 ? CONNECTIONS_WITHOUT_LIMIT : CONNECTIONS_WITH_LIMIT;
}
