// A stack with simulated providers for tests of delivery: channels, plans from real lists, controls, and the comparison of the
// ledger with what the providers really took.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { addChannel } from '../pipelines/channels/channel-store.ts';
import type { FateCounts, PlanResult } from '../contracts/broadcast.ts';
import type { BroadcastInput, BroadcastResult } from '../contracts/broadcast-input.ts';
import type { PlanInput } from '../contracts/plan-input.ts';
import { PIPELINE_QUEUE } from '../contracts/task-queues.ts';
import type { ControlAnswer } from '../workflows/broadcast-messages.ts';
import { openStackWorld, untilAnswered, type StackWorld, type StackWorldOptions } from './stack-world.ts';

const SECRET = 'SLUICE_SECRET_TEST';

export interface BroadcastWorld extends Omit<StackWorld, 'start'> {
  /** A channel at the simulator; `perSecond` requests on both sides, 0: no limit. */
  channel(kind: 'line' | 'whatsapp', id: string, perSecond: number): Promise<void>;
  /** Plans through the workflow; `recipients` new people, numbered from `from`. */
  plan(channel: string, list: TestList, options?: Partial<PlanInput>): Promise<PlanResult>;
  /** The same list as {@link plan} takes, as a person types it. */
  listInput(channel: string, list: TestList): Promise<Record<string, unknown>>;
  start(input: Partial<BroadcastInput>, workflowId: string): Promise<{ result(): Promise<BroadcastResult> }>;
  /** Sends an update until the servers are there to take it. */
  update(workflowId: string, name: string, ...args: unknown[]): Promise<ControlAnswer>;
  fates(broadcastId: string): Promise<FateCounts>;
  simulator(method: string, path: string, body?: unknown): Promise<unknown>;
  /** How often each address was reached with a message of the broadcast. */
  truth(addresses: Iterable<string>): Promise<Map<string, number>>;
}

export interface TestList {
  kind: 'line' | 'whatsapp';
  personal: boolean;
  recipients: number;
  from: number;
}

export const lineAddress = (n: number): string => `U${n.toString(16).padStart(32, '0')}`;
export const phoneAddress = (n: number): string => `+8869${String(n).padStart(8, '0')}`;
export const addressOf = (list: TestList, n: number): string =>
  list.kind === 'line' ? lineAddress(list.from + n) : phoneAddress(list.from + n);

const MESSAGES = {
  line: (personal: boolean) => ({ messages: [{ type: 'text', text: personal ? '您好 {{name}}' : '您好' }] }),
  whatsapp: (personal: boolean) => ({
    type: 'template',
    template: {
      name: 'promo',
      language: { code: 'zh_TW' },
      components: personal ? [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] : [],
    },
  }),
};

export async function openBroadcastWorld(
  env: Record<string, string> = {},
  options: StackWorldOptions = {},
): Promise<BroadcastWorld> {
  const world = await openStackWorld({ [SECRET]: 'test', ...env }, { simulator: true, ...options });
  const simulator = async (method: string, at: string, body?: unknown): Promise<unknown> => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${world.stack.simulatorUrl}${at}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${text}`);
    return text === '' ? null : (JSON.parse(text) as unknown);
  };
  const listInput: BroadcastWorld['listInput'] = async (channel, list) => {
    const header = list.kind === 'line' ? 'LINE UID,name' : '手機,name';
    const lines = Array.from({ length: list.recipients }, (_, n) => `${addressOf(list, n)},客${n}`);
    const csv = await world.file(`${randomUUID()}.csv`, `${header}\n${lines.join('\n')}\n`);
    return { channel, csv, message: MESSAGES[list.kind](list.personal), settleSeconds: 0 };
  };
  return {
    ...world,
    simulator,
    channel: async (kind, id, perSecond) => {
      await addChannel(world.db, {
        id,
        kind,
        baseUrl: kind === 'line' ? world.stack.simulatorUrl : `${world.stack.simulatorUrl}/v23.0`,
        senderId: id,
        secretEnv: SECRET,
        rates: { '*': perSecond },
        defaultCountry: 'TW',
        timeZone: 'Asia/Taipei',
        enabled: true,
      });
      const endpoints = kind === 'line' ? ['push', 'multicast'] : ['messages'];
      for (const endpoint of endpoints)
        await simulator('POST', '/__sim/rate', {
          provider: kind,
          endpoint,
          sender: kind === 'line' ? 'test' : id,
          limit: perSecond,
        });
    },
    listInput,
    plan: async (channel, list, options) => {
      const handle = await world.client.workflow.start('planBroadcast', {
        taskQueue: PIPELINE_QUEUE,
        workflowId: `plan/${randomUUID()}`,
        args: [{ ...(await listInput(channel, list)), ...options }],
      });
      return untilAnswered(() => handle.result() as Promise<PlanResult>);
    },
    start: async (input, workflowId) => {
      const handle = await untilAnswered(() =>
        world.client.workflow.start('broadcast', {
          taskQueue: PIPELINE_QUEUE,
          workflowId,
          workflowIdConflictPolicy: 'USE_EXISTING',
          args: [input],
        }),
      );
      return { result: () => untilAnswered(() => handle.result() as Promise<BroadcastResult>) };
    },
    update: (workflowId, name, ...args) =>
      untilAnswered(() =>
        world.client.workflow
          .getHandle(workflowId)
          .executeUpdate<ControlAnswer, [unknown]>(name, { args: args as [unknown] }),
      ),
    fates: async (broadcastId) => {
      const { rows } = await world.db.query<{ fate: keyof FateCounts; n: number }>(
        'select fate, count(*)::integer as n from broadcast_ledger where broadcast_id = $1 group by fate',
        [broadcastId],
      );
      const zero = { planned: 0, claimed: 0, accepted: 0, rejected: 0, uncertain: 0, suppressed: 0, cancelled: 0 };
      return { ...zero, ...Object.fromEntries(rows.map(({ fate, n }) => [fate, n])) };
    },
    truth: async (addresses) => {
      const counts = new Map([...addresses].map((address) => [address.replace('+', ''), 0]));
      const file = path.join(world.dataDir, 'simulator', 'truth.csv');
      const [header = '', ...lines] = readFileSync(file, 'utf8').split('\n');
      const column = header.split(',').indexOf('recipients');
      for (const line of lines)
        for (const recipient of (line.split(',')[column] ?? '').split(';')) {
          const address = decodeURIComponent(recipient).replace('+', '');
          const count = counts.get(address);
          if (count !== undefined) counts.set(address, count + 1);
        }
      return counts;
    },
  };
}
