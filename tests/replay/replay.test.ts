// Replays every recorded history against today's workflows: a change that would break a running workflow fails here.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';

const histories = fileURLToPath(new URL('./histories/', import.meta.url));
const files = readdirSync(histories).filter((name) => name.endsWith('.json'));
const logger = new DefaultLogger('ERROR');
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  Runtime.install({ logger });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger,
  });
});

interface RecordedHistory {
  events: {
    eventType: string;
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
    startChildWorkflowExecutionInitiatedEventAttributes?: { workflowId: string };
  }[];
}

/** A child is named after its parent, so the parent's id is part of what is replayed. Undefined where there is no child. */
function workflowIdOf({ events }: RecordedHistory): string | undefined {
  const child = events.map((event) => event.startChildWorkflowExecutionInitiatedEventAttributes).find(Boolean);
  // `<workflow>/<channel>`, and since runs are bounded `<workflow>/<channel>/<attempt>`.
  return child?.workflowId.replace(/\/[^/]+(\/\d+)?$/, '');
}

function read(name: string): RecordedHistory {
  return JSON.parse(readFileSync(histories + name, 'utf8')) as RecordedHistory;
}

test('the main courses of importContacts are recorded', () => {
  for (const course of ['cancelled', 'resumed', 'recognised', 'rejected', 'failed', 'wrong-input'])
    expect(files.filter((name) => name.startsWith(`import-contacts-${course}-`)).length).toBeGreaterThan(0);
});

test('the main courses of tagFrequency are recorded: in one part and in several, recognised, refused by a gate', () => {
  for (const course of ['plain', 'parts', 'recognised', 'refused', 'wrong-input'])
    expect(files.filter((name) => name.startsWith(`tag-frequency-${course}-`)).length).toBeGreaterThan(0);
});

test('the main courses of importTags and expireTags are recorded', () => {
  for (const course of ['cancelled', 'resumed', 'recognised', 'dry-run', 'rejected', 'failed', 'wrong-input'])
    expect(files.filter((name) => name.startsWith(`import-tags-${course}-`)).length).toBeGreaterThan(0);
  for (const course of ['plain', 'wrong-input'])
    expect(files.filter((name) => name.startsWith(`expire-tags-${course}-`)).length).toBeGreaterThan(0);
});

test('the main courses of broadcast and deliverChannel are recorded: with a pause, a retry and a continue-as-new', () => {
  for (const course of ['plain', 'paused', 'cancelled', 'retried', 'approved', 'wrong-input'])
    expect(files.filter((name) => name.startsWith(`broadcast-${course}-`)).length).toBeGreaterThan(0);
  for (const course of ['plain', 'paused', 'cancelled', 'retried', 'continued-first', 'continued-last'])
    expect(files.filter((name) => name.startsWith(`deliver-channel-${course}-`)).length).toBeGreaterThan(0);
  const types = (name: string) => read(name).events.map((event) => event.eventType);
  expect(types(files.find((name) => name.startsWith('deliver-channel-continued-first-'))!).at(-1)).toBe(
    'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
  );
  expect(types(files.find((name) => name.startsWith('broadcast-paused-'))!)).toContain(
    'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED',
  );
});

test.each(files)('%s replays', async (name) => {
  const history = read(name);
  await Worker.runReplayHistory({ workflowBundle }, history, workflowIdOf(history));
});

test('a history that the workflow would not make is refused', async () => {
  const history = read(files.find((name) => name.startsWith('import-contacts-resumed-'))!);
  const stage = history.events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'stageLines',
  );
  stage!.activityTaskScheduledEventAttributes!.activityType.name = 'somethingElse';
  await expect(Worker.runReplayHistory({ workflowBundle }, history)).rejects.toThrow();
});
