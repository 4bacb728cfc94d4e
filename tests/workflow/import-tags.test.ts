// importTags and expireTags on a real Temporal server with fake activities: the order of steps, cancel and failure, what people see.
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { emptyTagOutcomes, type TagImportResult } from '../../contracts/tag-import.ts';
import { workflowWorld, type WorkflowHandle } from './workflow-world.ts';

const withWorkflow = workflowWorld('tags');

const result = (state: TagImportResult['state']): TagImportResult => ({
  importId: '8',
  state,
  channel: 'line',
  dryRun: false,
  recognised: false,
  lines: 4,
  skipped: { blank: 0, preamble: 0, header: 1, footer: 0 },
  outcomes: { ...emptyTagOutcomes(), added: 3, unmatched: 1 },
  rejectsFile: '/reports/import-8-rejects.csv',
  message: null,
  reasons: [],
});

/** Activities that note their calls and do nothing; a test replaces what it is about. */
function fakes(calls: string[], own: Partial<Activities> = {}): Activities {
  const note = <T>(name: string, value: T) => {
    calls.push(name);
    return Promise.resolve(value);
  };
  return {
    inspectTags: () => note('inspect', { importId: '8', attempt: 1, recognised: null, resumed: false, bytes: 100 }),
    stageTags: () => note('stage', { lines: 4, blank: 0 }),
    resolveTags: () => note('resolve', { lines: 4, outcomes: result('done').outcomes, rejected: false }),
    applyTags: () => note('apply', undefined),
    reportTags: (_ref, state) => note(`report ${state}`, result(state)),
    stopTags: (_ref, state, reason) => note(`stop ${state}: ${reason}`, result(state)),
    expireTags: ({ batch }) => note(`expire ${batch}`, { expired: 3, upTo: '2024-01-01T00:00:00.000Z' }),
    importProgress: () =>
      Promise.resolve({
        state: 'applying',
        linesDone: 1,
        linesTotal: 3,
        bytesDone: 1,
        bytesTotal: 1,
        outcomes: { added: 3, unmatched: 1 },
      }),
    ...own,
    // The activities of other workflows are not called here.
  } as Activities;
}

const input = { file: '/data/tags.csv', channel: 'line' };

const resultOf = (handle: WorkflowHandle) => handle.result();
const failureOf = (handle: WorkflowHandle) =>
  handle.result().then(
    () => null,
    (failure: unknown) => failure as WorkflowFailedError,
  );
const detailsOf = async (handle: WorkflowHandle) =>
  (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails;

test('inspect, stage, resolve, apply, report, in this order; a dry run and a rejected import leave apply out', async () => {
  const calls: string[] = [];
  expect(await withWorkflow('importTags', fakes(calls), [input], resultOf)).toEqual(result('done'));
  expect(calls).toEqual(['inspect', 'stage', 'resolve', 'apply', 'report done']);
  const dry: string[] = [];
  await withWorkflow('importTags', fakes(dry), [{ ...input, dryRun: true }], resultOf);
  expect(dry).toEqual(['inspect', 'stage', 'resolve', 'report done']);
  const rejected: string[] = [];
  const rejecting = fakes(rejected, {
    resolveTags: async () => ({ lines: 4, outcomes: result('done').outcomes, rejected: true }),
  });
  await withWorkflow('importTags', rejecting, [input], resultOf);
  expect(rejected).toEqual(['inspect', 'stage', 'report rejected']);
});

test('a recognised import ends at once', async () => {
  const calls: string[] = [];
  const recognised = { ...result('done'), recognised: true };
  const known = fakes(calls, {
    inspectTags: async () => ({ importId: '8', attempt: 1, recognised, resumed: false, bytes: 1 }),
  });
  expect(await withWorkflow('importTags', known, [input], resultOf)).toEqual(recognised);
  expect(calls).toEqual([]);
});

test('wrong input is refused with every problem named, before any activity', async () => {
  const calls: string[] = [];
  const wrong = { file: 'relative.csv', colour: 'red', source: 'Not A Word', maxInvalid: 10 };
  const error = await withWorkflow('importTags', fakes(calls), [wrong], failureOf);
  expect(error?.cause).toMatchObject({ type: 'tag_import_input', nonRetryable: true });
  expect(String(error?.cause)).toMatch(
    /"colour" is not.*"file" must.*"channel" must.*"source" must.*"maxInvalid" must/,
  );
  const expiring = await withWorkflow('expireTags', fakes(calls), [{ batch: 0 }], failureOf);
  expect(expiring?.cause).toMatchObject({ type: 'expire_input', nonRetryable: true });
  expect(calls).toEqual([]);
});

test('a cancelled import is written down as such, and the workflow ends cancelled', async () => {
  const calls: string[] = [];
  let started: () => void;
  const applying = new Promise<void>((resolve) => (started = resolve));
  const waiting = fakes(calls, {
    applyTags: async () => {
      started();
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat(), 50);
      await context.cancelled.finally(() => clearInterval(beat));
    },
  });
  const error = await withWorkflow('importTags', waiting, [input], async (handle) => {
    await applying;
    await handle.cancel();
    return failureOf(handle);
  });
  expect(error?.cause?.name).toBe('CancelledFailure');
  expect(calls).toEqual([
    'inspect',
    'stage',
    'resolve',
    'stop cancelled: Cancelled. A new start of the same file goes on from here.',
  ]);
});

test('a failed step is written down, and its reason ends the workflow', async () => {
  const calls: string[] = [];
  const failing = fakes(calls, {
    applyTags: () => Promise.reject(ApplicationFailure.nonRetryable('does not add up', 'import_unbalanced')),
  });
  const error = await withWorkflow('importTags', failing, [input], failureOf);
  expect(error?.cause?.cause).toMatchObject({ type: 'import_unbalanced' });
  expect(calls).toEqual(['inspect', 'stage', 'resolve', 'stop failed: does not add up']);
});

test('people see stage, counts and outcomes in the details and search attributes', async () => {
  const seen = await withWorkflow('importTags', fakes([]), [input], async (handle) => {
    await handle.result();
    const { typedSearchAttributes } = await handle.describe();
    const found = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value] as const);
    return { text: await detailsOf(handle), found: Object.fromEntries(found) };
  });
  expect(seen.text).toContain('**done** import 8: 4 lines, 1 skipped');
  expect(seen.text).toContain('| added | 3 |\n| known | 0 |\n| unmatched | 1 |');
  expect(seen.text).not.toContain('create');
  expect(seen.found).toMatchObject({ ImportId: '8', Channel: 'line', Stage: 'done', RowsDone: 4, RowsTotal: 4 });
});

test('expireTags is one step; without input it takes its defaults', async () => {
  const calls: string[] = [];
  const expired = { expired: 3, upTo: '2024-01-01T00:00:00.000Z' };
  expect(await withWorkflow('expireTags', fakes(calls), [], resultOf)).toEqual(expired);
  const text = await withWorkflow('expireTags', fakes(calls), [{ batch: 7 }], async (handle) => {
    await handle.result();
    return detailsOf(handle);
  });
  expect(calls).toEqual(['expire 5000', 'expire 7']);
  expect(text).toContain('3 tags that ran out up to 2024-01-01T00:00:00.000Z were taken off');
});
