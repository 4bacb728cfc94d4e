// One small broadcast of a delivery test: its channel, list and plan, and what became of it at the end, from both sides.
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { expect } from 'vitest';
import type { BroadcastStatus, FateCounts, PlanResult, RetryScope } from '../contracts/broadcast.ts';
import type { BroadcastInput, BroadcastResult } from '../contracts/broadcast-input.ts';
import { readStatus } from '../pipelines/broadcast/status.ts';
import { addressOf, type BroadcastWorld, type TestList } from './broadcast-world.ts';
import { shrink } from './chaos/broadcast-storm.ts';
import { until } from './stack-world.ts';

export interface CaseOptions {
  kind: 'line' | 'whatsapp';
  /** LINE: personal is push, equal is multicast of eight. Default false. */
  personal?: boolean;
  recipients: number;
  perSecond: number;
}

export interface DeliveryCase {
  list: TestList;
  channel: string;
  plan: PlanResult;
  id: string;
  workflowId: string;
  address(n: number): string;
  start(input?: Partial<BroadcastInput>, workflowId?: string): Promise<{ result(): Promise<BroadcastResult> }>;
  retry(scope: RetryScope): Promise<BroadcastResult>;
  status(): Promise<BroadcastStatus>;
  /** Waits until so many are accepted and others still wait. */
  midway(accepted: number): Promise<void>;
  /** Recipients by how often the provider took a message for them. */
  reached(): Promise<Map<string, number>>;
  /** Each accepted recipient was reached exactly once, and nobody else; nothing is left open. */
  expectExact(fates: Partial<FateCounts>): Promise<void>;
}

let people = 0;
let channels = 0;

/** `before` runs with the channel there and the list known, in front of the plan: for contacts that exist already. */
export async function openCase(
  world: BroadcastWorld,
  { kind, personal = false, recipients, perSecond }: CaseOptions,
  before: (opened: { channel: string; list: TestList }) => Promise<void> = async () => undefined,
): Promise<DeliveryCase> {
  const list: TestList = { kind, personal, recipients, from: people };
  people += recipients;
  const channel = `${kind}-${++channels}`;
  await world.simulator('DELETE', '/__sim/faults');
  await world.channel(kind, channel, perSecond);
  await before({ channel, list });
  const plan = await world.plan(channel, list);
  const id = plan.broadcastId;
  await shrink(world, id, kind === 'line' && !personal ? 'multicast' : 'push');
  const addresses = Array.from({ length: recipients }, (_, n) => addressOf(list, n));
  const workflowId = `broadcast/${id}/1`;
  let retries = 1;
  const opened: DeliveryCase = {
    list,
    channel,
    plan,
    id,
    workflowId,
    address: (n) => addresses[n]!,
    start: (input = {}, as = workflowId) => world.start({ plan: plan.digest, ...input }, as),
    retry: async (scope) =>
      (await world.start({ retry: { broadcastId: id, scope } }, `broadcast/${id}/${++retries}`)).result(),
    status: () => readStatus(world.db, id),
    midway: async (accepted) => {
      await until(`${accepted} accepted, others waiting`, 60_000, async () => {
        const fates = await world.fates(id);
        return fates.accepted >= accepted && fates.planned > 0 ? true : null;
      });
    },
    reached: () => world.truth(addresses),
    expectExact: async (expected) => {
      const zero = { planned: 0, claimed: 0, accepted: 0, rejected: 0, uncertain: 0, suppressed: 0, cancelled: 0 };
      expect(await world.fates(id)).toEqual({ ...zero, ...expected });
      const reached = await opened.reached();
      const { rows } = await world.db.query<{ address: string; fate: string }>(
        `select r.address, l.fate from broadcast_ledger l join broadcast_recipients r using (broadcast_id, ordinal)
         where broadcast_id = $1`,
        [id],
      );
      const wrong = rows
        .map(({ address, fate }) => ({ address, fate, times: reached.get(address.replace('+', ''))! }))
        .filter(({ fate, times }) => times !== (fate === 'accepted' ? 1 : 0));
      expect(wrong).toEqual([]);
    },
  };
  return opened;
}

/** A workflow id that no other has. */
export const anyWorkflowId = (): string => `broadcast/test-${randomUUID()}`;

/** What a workflow failed of, with the words of the innermost cause. */
export async function failureOf(started: {
  result(): Promise<BroadcastResult>;
}): Promise<{ type: string; message: string }> {
  try {
    await started.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    let cause: unknown = error.cause;
    while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
    return { type: (cause as { type?: string }).type ?? '', message: (cause as Error).message };
  }
  throw new Error('the workflow did not fail');
}

/** On both sides: what follows need not take its time. */
export async function noLimit(world: BroadcastWorld, channel: string, kind: 'line' | 'whatsapp'): Promise<void> {
  const [endpoint, sender] = kind === 'line' ? ['multicast', 'test'] : ['messages', channel];
  await world.simulator('POST', '/__sim/rate', { provider: kind, endpoint, sender, limit: 0 });
  await world.db.query(`update channels set rates = '{"*": 0}' where id = $1`, [channel]);
}

/** What the Temporal UI shows of a workflow just now. */
export const detailsOf = async (world: BroadcastWorld, workflowId: string): Promise<string> => {
  const metadata = await world.client.workflow
    .getHandle(workflowId)
    .query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails;
};
