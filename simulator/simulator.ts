// The simulated providers as one HTTP server: builds its parts, reads its books back, listens, goes down and comes back.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ADMIN_PREFIX, answerAdmin } from './admin/admin-server.ts';
import { restoreSettings, setRate } from './admin/settings.ts';
import { Books } from './books.ts';
import { SimulatorClock } from './clock.ts';
import type { ProviderApi, ProviderName } from './exchange.ts';
import { Faults } from './faults.ts';
import { lineApi } from './line/line-api.ts';
import { lineEnvelope } from './line/line-events.ts';
import { lineState, restoreLine } from './line/line-state.ts';
import { Outbox } from './outbox.ts';
import { providerServer } from './provider-server.ts';
import { seededRandom } from './random.ts';
import { RateLimits } from './rate-limits.ts';
import { memoryRecords, openRecordFile } from './record-log.ts';
import { WebhookSender } from './webhooks/webhook-sender.ts';
import { statusEnvelope } from './whatsapp/numbers.ts';
import { StatusFeed } from './whatsapp/status-feed.ts';
import { whatsappApi } from './whatsapp/whatsapp-api.ts';
import { restoreWhatsApp, whatsappState } from './whatsapp/whatsapp-state.ts';
import type { World } from './world.ts';

export interface SimulatorOptions {
  host?: string;
  /** 0 takes a free one. */
  port?: number;
  /** Where the books are kept; null keeps them in memory. */
  dataDir?: string | null;
  /** Limits by `provider.endpoint`, over the published ones; 0 means none. */
  rates?: Record<string, number>;
  seed?: number;
  /** What the time is, in epoch µs; never goes back. By default the machine's monotonic clock. */
  nowUs?: () => number;
  webhooks?: { provider: ProviderName; url: string; secret: string }[];
  strictTemplates?: boolean;
}

export interface Simulator {
  url: string;
  port: number;
  /** Writes what is left and closes the port. Twice is harmless. */
  close(): Promise<void>;
}

/** Idle connections are left to the clients: one closed from here would look like a fault that nobody asked for. */
const KEEP_ALIVE_MS = 0;
/** Clients may open all their connections at once. */
const BACKLOG = 4_096;
/** Older arrivals count in no rate limit. */
const LONGEST_WINDOW_US = 3_600_000_000;

/** Starts listening. Throws what `listen` throws, or PipelineError `simulator_data_unusable`. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, dataDir = null } = options;
  const { world, apis } = build(dataDir, options.seed ?? 1, options.nowUs ?? null);
  await restoreSettings(world);
  // After the settings of earlier processes: what is said at this start counts.
  for (const [name, limit] of Object.entries(options.rates ?? {})) setRate(world, name, limit, null);
  for (const { provider, ...target } of options.webhooks ?? []) world.webhooks.aim(provider, null, target);
  if (options.strictTemplates) world.whatsapp.templates.strict = true;
  await restoreBooks(world);

  const serve = providerServer({ apis, faults: world.faults, outbox: world.outbox });
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    (request: IncomingMessage, response: ServerResponse) => {
      // First of all: whatever comes later must not make a request look late.
      const atUs = world.clock.nowUs();
      if (request.url?.startsWith(ADMIN_PREFIX)) void answerAdmin(world, request, response);
      else if (!serve(request, response, atUs)) response.writeHead(404).end();
    },
  );
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  let closed = false;
  let stayDown = (): void => undefined;
  world.goDown = (forMs) => {
    // The admin call that asked is answered first.
    setImmediate(() => {
      server.close();
      server.closeAllConnections();
      stayDown = world.clock.later(forMs, () => {
        if (!closed) server.listen({ host, port: bound, backlog: BACKLOG });
      });
    });
  };
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    async close() {
      if (closed) return;
      closed = true;
      stayDown();
      world.webhooks.close();
      world.outbox.flush();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
      world.outbox.flush();
      world.books.close();
      world.settings.close();
    },
  };
}

/** The parts, not yet listening. */
function build(
  dataDir: string | null,
  seed: number,
  nowUs: (() => number) | null,
): { world: World; apis: ProviderApi[] } {
  const clock = new SimulatorClock(nowUs);
  const books = new Books(dataDir);
  const faults = new Faults(clock.nowUs, seed);
  const rates = new RateLimits();
  const webhooks = new WebhookSender({ line: lineEnvelope, whatsapp: statusEnvelope }, clock);
  const feed = new StatusFeed(webhooks, faults, seededRandom(seed));
  const line = lineState(clock);
  const whatsapp = whatsappState(clock);
  const apis = {
    line: lineApi({ state: line, rates, books }) as ProviderApi,
    whatsapp: whatsappApi({ state: whatsapp, rates, books, feed }) as ProviderApi,
  };
  const outbox = new Outbox(books, clock, (call, refusal) => apis[call.provider].refuse(call, refusal));
  const settings =
    dataDir === null ? memoryRecords() : openRecordFile(join(dataDir, 'settings.jsonl'), '{"settings":1}');
  const world: World = {
    ...{ clock, rates, books, faults, outbox, line, whatsapp, feed, webhooks, settings },
    goDown: () => undefined,
  };
  return { world, apis: [apis.whatsapp, apis.line] };
}

async function restoreBooks({ books, rates, line, whatsapp, clock }: World): Promise<void> {
  // Windows need times in order; lines of one tick may stand a little out of it.
  let latestUs = 0;
  const nowUs = clock.nowUs();
  await books.restore(
    (truth) => (truth.provider === 'line' ? restoreLine(line, truth) : restoreWhatsApp(whatsapp, truth)),
    ({ atUs, provider, sender, endpoint, code, fault }) => {
      latestUs = Math.max(latestUs, atUs);
      const refusedByRate = fault === '' && (code === 'rate_limit' || code === '130429');
      if (sender !== '' && !refusedByRate && nowUs - atUs < LONGEST_WINDOW_US)
        rates.remember(provider, sender, endpoint, latestUs);
    },
  );
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
