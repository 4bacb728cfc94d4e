// The order of steps, what happens on cancel and failure, and what people see, on a real Temporal server with fake activities.
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { emptyOutcomes, type ImportResult } from '../../contracts/import.ts';
import { workflowWorld, type WorkflowHandle } from './workflow-world.ts';

const inWorld = workflowWorld('import');

const result = (state: ImportResult['state']): ImportResult => ({
  importId: '7',
  state,
  channel: 'line',
  dryRun: false,
  recognised: false,
  lines: 3,
  skipped: { blank: 0, preamble: 0, header: 1, footer: 0 },
  outcomes: { ...emptyOutcomes(), create: 2, invalid: 1 },
  rejectsFile: '/reports/import-7-rejects.csv',
  diffFile: null,
  message: null,
  reasons: [],
  warnings: [],
});

/** Activities that note their calls and do nothing; a test replaces what it is about. */
function fakes(calls: string[], own: Partial<Activities> = {}): Activities {
  const note = <T>(name: string, value: T) => {
    calls.push(name);
    return Promise.resolve(value);
  };
  return {
    inspectFile: () => note('inspect', { importId: '7', attempt: 1, recognised: null, resumed: false, bytes: 100 }),
    stageLines: () => note('stage', { lines: 3, blank: 0 }),
    resolveLines: () => note('resolve', { lines: 3, outcomes: result('done').outcomes, rejected: false }),
    applySlices: () => note('apply', undefined),
    reportImport: (_ref, state) => note(`report ${state}`, result(state)),
    stopImport: (_ref, state) => note(`stop ${state}`, result(state)),
    importProgress: () =>
      Promise.resolve({
        state: 'applying',
        linesDone: 1,
        linesTotal: 2,
        bytesDone: 100,
        bytesTotal: 100,
        outcomes: {},
      }),
    ...own,
    // The activities of other workflows are not called here.
  } as Activities;
}

const input = { file: '/data/a.csv', channel: 'line' };

const withWorkflow = <T>(
  activities: Activities,
  args: unknown,
  during: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> => inWorld('importContacts', activities, [args], during);

/** What the workflow failed of; its result, if it did not. */
async function failureOf(handle: { result(): Promise<unknown> }): Promise<unknown> {
  return handle.result().catch((failure: unknown): unknown => failure);
}

test('inspect, stage, resolve, apply, report, in this order; a dry run leaves apply out', async () => {
  const calls: string[] = [];
  const ended = await withWorkflow(fakes(calls), input, (handle) => handle.result());
  expect(ended).toEqual(result('done'));
  expect(calls).toEqual(['inspect', 'stage', 'resolve', 'apply', 'report done']);
  const dry: string[] = [];
  await withWorkflow(fakes(dry), { ...input, dryRun: true }, (handle) => handle.result());
  expect(dry).toEqual(['inspect', 'stage', 'resolve', 'report done']);
});

test('a recognised import ends at once, a rejected one without apply', async () => {
  const calls: string[] = [];
  const recognised = { ...result('done'), recognised: true };
  const known = fakes(calls, {
    inspectFile: async () => ({ importId: '7', attempt: 1, recognised, resumed: false, bytes: 1 }),
  });
  expect(await withWorkflow(known, input, (handle) => handle.result())).toEqual(recognised);
  expect(calls).toEqual([]);
  const rejecting = fakes(calls, {
    resolveLines: async () => ({ lines: 3, outcomes: result('done').outcomes, rejected: true }),
  });
  await withWorkflow(rejecting, input, (handle) => handle.result());
  expect(calls).toEqual(['inspect', 'stage', 'report rejected']);
});

test('wrong input is refused with every problem named, before any activity', async () => {
  const calls: string[] = [];
  const error = await withWorkflow(fakes(calls), { file: 'relative.csv', colour: 'red' }, (handle) =>
    failureOf(handle),
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'import_input', nonRetryable: true });
  expect(String((error as WorkflowFailedError).cause)).toMatch(/"colour" is not a field.*"file" must.*"channel" must/);
  expect(calls).toEqual([]);
});

test('a cancelled import is written down as such, and the workflow ends cancelled', async () => {
  const calls: string[] = [];
  let started: () => void;
  const staging = new Promise<void>((resolve) => (started = resolve));
  const waiting = fakes(calls, {
    stageLines: async () => {
      started();
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 50);
      await context.cancelled.finally(() => clearInterval(beat));
      return { lines: 0, blank: 0 };
    },
  });
  const error = await withWorkflow(waiting, input, async (handle) => {
    await staging;
    await handle.cancel();
    return failureOf(handle);
  });
  expect((error as WorkflowFailedError).cause?.name).toBe('CancelledFailure');
  expect(calls).toEqual(['inspect', 'stop cancelled']);
});

test('a failed step is written down, and its reason ends the workflow', async () => {
  const calls: string[] = [];
  const failing = fakes(calls, {
    resolveLines: () => Promise.reject(ApplicationFailure.nonRetryable('does not add up', 'import_unbalanced')),
  });
  const error = await withWorkflow(failing, input, (handle) => handle.result().catch((failure: unknown) => failure));
  expect((error as WorkflowFailedError).cause?.cause).toMatchObject({ type: 'import_unbalanced' });
  expect(calls).toEqual(['inspect', 'stage', 'stop failed']);
});

test('people see stage, counts and outcome in the details and search attributes', async () => {
  const details = await withWorkflow(fakes([]), input, async (handle) => {
    await handle.result();
    const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    const { typedSearchAttributes } = await handle.describe();
    return {
      text: metadata.currentDetails,
      found: typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]),
    };
  });
  expect(details.text).toContain('**done** import 7: 3 lines, 1 skipped');
  expect(details.text).toContain('| create | 2 |');
  expect(Object.fromEntries(details.found)).toMatchObject({
    ImportId: '7',
    Channel: 'line',
    Stage: 'done',
    RowsDone: 3,
    RowsTotal: 3,
  });
});
