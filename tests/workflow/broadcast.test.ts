// The order of the steps of a broadcast, the queues they run on, and what is written down when a delivery fails, with fake activities.
import { ApplicationFailure, Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { emptyFates, type BroadcastStatus, type SliceResult } from '../../contracts/broadcast.ts';
import { BROADCAST_QUEUE, deliverQueue } from '../../contracts/task-queues.ts';
import { workflowWorld } from './workflow-world.ts';

const inWorld = workflowWorld('broadcast', [BROADCAST_QUEUE, deliverQueue('wa')]);

const STATUS: BroadcastStatus = {
  ...{ broadcastId: '9', channel: 'wa', state: 'completed', attempt: 1, digest: null, recipients: 3, error: null },
  fates: { ...emptyFates(), accepted: 3 },
  ...{ codes: [], delivery: { sent: 3, delivered: 0, read: 0, failed: 0 }, ratePerSecond: 0, limitPerSecond: null },
  ...{ etaSeconds: null, held: null, waiting: null, unresolved: null, settleUntil: null },
  ...{ repeatedAfterUnclearRefusal: 0, rateCap: null, grantedShare: null, inFlightBound: 0 },
};

type Fakes = Pick<
  Activities,
  | 'startBroadcast'
  | 'createContacts'
  | 'reopenRecipients'
  | 'openSlices'
  | 'deliverSlice'
  | 'outlook'
  | 'settleLook'
  | 'setState'
  | 'broadcastStatus'
>;

/** Activities that note their calls and their queue; there is one slice, which `slice` delivers. */
function fakes(calls: string[], slice: () => SliceResult): Fakes {
  let delivered = false;
  const note = <T>(name: string, value: T): Promise<T> => {
    calls.push(`${name} on ${Context.current().info.taskQueue}`);
    return Promise.resolve(value);
  };
  const started = { broadcastId: '9', attempt: 1, channel: 'wa', recipients: 3, settleSeconds: 0, runningIn: null };
  return {
    startBroadcast: () => note('start', started),
    createContacts: () => note('contacts', 0),
    reopenRecipients: (_ref, scope) => note(`reopen ${scope}`, 0),
    openSlices: (_ref, after) =>
      Promise.resolve(delivered || after >= 0 ? [] : [{ slice: 0, nextMs: null, waitMs: null }]),
    deliverSlice: () => {
      delivered = true;
      return note('slice', null).then(slice);
    },
    outlook: () => Promise.resolve({ open: false, waitMs: 0, settling: false, unresolvedMs: null }),
    settleLook: () => note('settle', { uncertain: 0, leftMs: 0 }),
    setState: (_ref, state, error) => note(`${state}${error === null ? '' : ` (${error})`}`, undefined),
    broadcastStatus: () => Promise.resolve(STATUS),
  };
}

const DONE: SliceResult = { stopped: 'done', nextAt: null, waitMs: null, problem: null };

test('start, contacts, slices, settling, end; what walks the ledger does not wait behind imports', async () => {
  const calls: string[] = [];
  await inWorld(
    'broadcast',
    fakes(calls, () => DONE),
    [{ plan: '9' }],
    (handle) => handle.result(),
  );
  expect(calls).toEqual([
    'start on pipeline',
    'contacts on broadcast',
    'slice on deliver.wa',
    'settle on pipeline',
    'completed on pipeline',
  ]);
});

test('a retry puts back first, and makes the contacts that an earlier attempt did not', async () => {
  const calls: string[] = [];
  const input = { retry: { broadcastId: '9', scope: 'cancelled' } };
  await inWorld(
    'broadcast',
    fakes(calls, () => DONE),
    [input],
    (handle) => handle.result(),
  );
  expect(calls.slice(0, 3)).toEqual(['start on pipeline', 'reopen cancelled on broadcast', 'contacts on broadcast']);
});

test('a delivery that cannot go on: the broadcast fails, in the words of what went wrong, not of what wrapped it', async () => {
  const calls: string[] = [];
  const broken = (): SliceResult => {
    throw ApplicationFailure.nonRetryable('Broadcast 9 has no slice 0.', 'slice_unknown');
  };
  await inWorld('broadcast', fakes(calls, broken), [{ plan: '9' }], async (handle) => {
    await expect(handle.result()).rejects.toThrow();
  });
  expect(calls.at(-1)).toBe('failed (Broadcast 9 has no slice 0.) on pipeline');
});
