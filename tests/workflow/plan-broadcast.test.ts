// The order of the steps of a plan, what happens on cancel and failure, and what people see, with fake activities.
import { ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { emptyMatches, type PlanResult } from '../../contracts/broadcast.ts';
import { workflowWorld, type WorkflowHandle } from './workflow-world.ts';

const inWorld = workflowWorld('plan');

const RESULT: PlanResult = {
  digest: 'd1',
  broadcastId: '9',
  channel: 'line',
  lines: 4,
  outcomes: { ...emptyMatches(), matched: 3, invalid: 1 },
  recipients: 3,
  suppressed: { blocked: 1 },
  rejected: {},
  requests: 2,
  etaSeconds: 1,
  recognised: false,
  startedBefore: false,
  quotaLeft: null,
  warnings: ['careful'],
  inFlightBound: 16,
  linesFile: '/reports/broadcast-9-lines.csv',
};

type PlanActivities = Pick<
  Activities,
  'registerPlan' | 'stageList' | 'matchList' | 'freezePlan' | 'abandonPlan' | 'planProgress'
>;

/** Activities that note their calls and do nothing; a test replaces what it is about. */
function fakes(calls: string[], own: Partial<PlanActivities> = {}): PlanActivities {
  const note = <T>(name: string, value: T) => {
    calls.push(name);
    return Promise.resolve(value);
  };
  return {
    registerPlan: () => note('register', { broadcastId: '9' }),
    stageList: () => note('stage', 4),
    matchList: () => note('match', { lines: 4, outcomes: RESULT.outcomes, recipients: 3 }),
    freezePlan: () => note('freeze', RESULT),
    abandonPlan: (_ref, reason) => note(`abandon ${reason}`, undefined),
    planProgress: async () => ({ stage: 'matching', linesDone: 1, linesTotal: 4, bytesDone: 9, bytesTotal: 9 }),
    ...own,
  };
}

const INPUT = { channel: 'line', csv: '/data/list.csv', message: { messages: [] } };

const withWorkflow = <T>(
  activities: PlanActivities,
  args: unknown,
  during: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> => inWorld('planBroadcast', activities, [args], during);

async function failureOf(handle: { result(): Promise<unknown> }): Promise<WorkflowFailedError> {
  const failure: unknown = await handle.result().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WorkflowFailedError);
  return failure as WorkflowFailedError;
}

test('register, stage, match, freeze, in this order; people see the counts and the next command', async () => {
  const calls: string[] = [];
  const seen = await withWorkflow(fakes(calls), INPUT, async (handle) => {
    expect(await handle.result()).toEqual(RESULT);
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    const { typedSearchAttributes } = await handle.describe();
    const attributes = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    return { text: metadata.currentDetails, attributes: Object.fromEntries(attributes) };
  });
  expect(calls).toEqual(['register', 'stage', 'match', 'freeze']);
  expect(seen.text).toContain('**planned** broadcast 9 on `line`: 2 recipients to send to, 2 requests, about 1 s');
  for (const part of ['| matched | 3 |', '| blocked | 1 |', '⚠ careful', 'sluice broadcast start 9'])
    expect(seen.text).toContain(part);
  expect(seen.attributes).toMatchObject({
    ...{ BroadcastId: '9', Channel: 'line', Stage: 'planned' },
    ...{ RowsDone: 4, RowsTotal: 4 },
  });
});

test('wrong input is refused with every problem named, before any activity', async () => {
  const calls: string[] = [];
  const { cause } = await withWorkflow(fakes(calls), { csv: 'relative.csv', colour: 'red' }, failureOf);
  expect(cause).toMatchObject({ type: 'plan_input', nonRetryable: true });
  expect(String(cause)).toMatch(/"colour" is not a field.*"channel" must.*"csv" must/);
  expect(calls).toEqual([]);
});

test('a step that fails ends the plan, and what it left is given up', async () => {
  const calls: string[] = [];
  const failing = fakes(calls, {
    matchList: () => Promise.reject(ApplicationFailure.nonRetryable('does not add up', 'plan_unbalanced')),
  });
  const { cause } = await withWorkflow(failing, INPUT, failureOf);
  expect(cause?.cause).toMatchObject({ type: 'plan_unbalanced' });
  expect(calls).toEqual(['register', 'stage', 'abandon does not add up']);
});

test('a cancelled plan is given up, and the workflow ends cancelled', async () => {
  const calls: string[] = [];
  let started: () => void;
  const staging = new Promise<void>((resolve) => (started = resolve));
  const waiting = fakes(calls, {
    stageList: async () => {
      started();
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 50);
      await context.cancelled.finally(() => clearInterval(beat));
      return 0;
    },
  });
  const { cause } = await withWorkflow(waiting, INPUT, async (handle) => {
    await staging;
    await handle.cancel();
    return failureOf(handle);
  });
  expect(cause?.name).toBe('CancelledFailure');
  expect(calls).toEqual(['register', 'abandon Cancelled.']);
});
