// A stack with a simulator for the benches of delivery: channels without limits, plans of any size frozen by plain SQL.
import { addressIsPhone, KINDS } from '../contracts/channel-kinds.ts';
import type { Client } from '@temporalio/client';
import type { Database } from '../ports/database.ts';
import { addChannel } from '../pipelines/channels/channel-store.ts';
import type { PlanOptions } from '../contracts/broadcast.ts';
import type { BroadcastResult } from '../contracts/broadcast-input.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import { connectToStack } from '../server/services.ts';
import { openBenchStack, type BenchStack } from './bench-stack.ts';

export interface BroadcastBenchWorld extends BenchStack {
  client: Client;
  /** Base URL of the simulator. */
  simulator: string;
}

const SECRET = 'SLUICE_SECRET_BENCH';

export async function openBroadcastWorld(say: (text: string) => void, workers = 1): Promise<BroadcastBenchWorld> {
  const bench = await openBenchStack(say, { workers, simulator: true, env: { [SECRET]: 'bench' } });
  const client = await connectToStack(bench.stack);
  return {
    ...bench,
    client,
    simulator: bench.stack.simulatorUrl,
    close: async () => {
      await client.connection.close();
      await bench.close();
    },
  };
}

/** A WhatsApp number or a LINE account at the simulator; requests a second, 0: no limit, on both sides. */
export async function addBenchChannel(
  world: BroadcastBenchWorld,
  kind: 'line' | 'whatsapp',
  id: string,
  rate: number,
): Promise<void> {
  await addChannel(world.db, {
    id,
    kind,
    baseUrl: `${world.simulator}${KINDS[kind].simulatedAt}`,
    senderId: id,
    secretEnv: SECRET,
    rates: { '*': rate },
    defaultCountry: 'TW',
    timeZone: 'Asia/Taipei',
    enabled: true,
  });
}

/** Tells the simulator its limit for an endpoint of one sender; 0: no limit. */
export async function limitSimulator(world: BroadcastBenchWorld, body: Record<string, unknown>): Promise<void> {
  const response = await fetch(`${world.simulator}/__sim/rate`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`the simulator refused the rate: ${response.status} ${await response.text()}`);
}

const OPTIONS: PlanOptions = {
  matchBy: 'social_id',
  ambiguous: 'latest',
  phoneMatch: 'e164',
  country: 'TW',
  onUncertain: 'hold',
  settleSeconds: 0,
  maxAttempts: 5,
};

export interface FrozenPlan {
  broadcastId: string;
  digest: string;
}

/**
 * A plan over `recipients` new contacts of a channel, as `broadcast plan` would freeze it. `from` keeps the addresses of
 * several plans apart.
 */
export async function freezePlan(
  db: Database,
  plan: {
    channel: string;
    kind: 'line' | 'whatsapp';
    recipients: number;
    from: number;
    sliceSize: number;
    chunkSize: number;
    endpoint: string;
    options?: Partial<PlanOptions>;
  },
): Promise<FrozenPlan> {
  const byPhone = addressIsPhone(plan.kind);
  const message = !byPhone
    ? { messages: [{ type: 'text', text: plan.chunkSize === 1 ? 'Hello {{name}}' : 'Hello' }] }
    : { type: 'template', template: { name: 'bench', language: { code: 'en' } } };
  const names = !byPhone && plan.chunkSize === 1 ? ['name'] : [];
  return db
    .transaction(async (tx) => {
      const { rows } = await tx.query<{ id: string; digest: string }>(
        `insert into broadcasts (channel_id, digest, message, parameter_names, options, endpoint, chunk_size, slice_size,
         recipients, lines, planned_at)
       values ($1, encode(sha256(gen_random_uuid()::text::bytea), 'hex'), $2, $3, $4, $5, $6, $7, $8::integer, $8::integer, clock_timestamp())
       returning id, digest`,
        [
          plan.channel,
          JSON.stringify(message),
          names,
          JSON.stringify({ ...OPTIONS, ...plan.options }),
          plan.endpoint,
          plan.chunkSize,
          plan.sliceSize,
          plan.recipients,
        ],
      );
      const { id, digest } = rows[0]!;
      const address = !byPhone ? `'U' || lpad(to_hex(n + $3), 32, '0')` : `'+8869' || lpad((n + $3)::text, 8, '0')`;
      await tx.query(
        `insert into contacts (channel_id, social_id, source) select $1, ${address}, 'bench'
       from generate_series(0, $2::integer - 1) n where $3::integer is not null on conflict do nothing`,
        [plan.channel, plan.recipients, plan.from],
      );
      await tx.query(
        `insert into broadcast_recipients (broadcast_id, ordinal, line, contact_id, address, parameters)
       select $1, n, n + 2, c.id, ${address}, $4::text[]
       from generate_series(0, $2::integer - 1) n
       left join contacts c on c.channel_id = $5 and c.social_id = ${address}`,
        [id, plan.recipients, plan.from, names.length > 0 ? ['Amy'] : null, plan.channel],
      );
      await tx.query(
        `insert into broadcast_ledger (broadcast_id, ordinal, fate)
       select $1, n, 'planned' from generate_series(0, $2::integer - 1) n`,
        [id, plan.recipients],
      );
      await tx.query(
        `insert into broadcast_slices (broadcast_id, slice, from_ordinal, to_ordinal)
       select $1, n, n * $2::integer, least((n + 1) * $2::integer, $3::integer)
       from generate_series(0, ($3::integer - 1) / $2::integer) n`,
        [id, plan.sliceSize, plan.recipients],
      );
      return { broadcastId: id, digest };
    })
    .then(async (frozen) => {
      await db.query('analyze contacts, broadcast_recipients, broadcast_ledger, broadcast_slices');
      return frozen;
    });
}

/** Starts the broadcast of a plan; `result` is asked for again while Temporal is away. */
export async function startPlan(
  client: Client,
  plan: FrozenPlan,
): Promise<{ workflowId: string; result: () => Promise<BroadcastResult> }> {
  const workflowId = `broadcast/${plan.broadcastId}/1`;
  const handle = await client.workflow.start('broadcast', {
    taskQueue: PIPELINE_QUEUE,
    workflowId,
    args: [{ plan: plan.digest }],
  });
  return { workflowId, result: () => handle.result() as Promise<BroadcastResult> };
}
