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
  events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
}

function read(name: string): RecordedHistory {
  return JSON.parse(readFileSync(histories + name, 'utf8')) as RecordedHistory;
}

test('the main courses of importContacts are recorded', () => {
  for (const course of ['cancelled', 'resumed', 'recognised', 'rejected', 'failed', 'wrong-input'])
    expect(files.filter((name) => name.startsWith(`import-contacts-${course}-`)).length).toBeGreaterThan(0);
});

test.each(files)('%s replays', async (name) => {
  await Worker.runReplayHistory({ workflowBundle }, read(name));
});

test('a history that the workflow would not make is refused', async () => {
  const history = read(files.find((name) => name.startsWith('import-contacts-resumed-'))!);
  const stage = history.events.find(
    (event) => event.activityTaskScheduledEventAttributes?.activityType.name === 'stageLines',
  );
  stage!.activityTaskScheduledEventAttributes!.activityType.name = 'somethingElse';
  await expect(Worker.runReplayHistory({ workflowBundle }, history)).rejects.toThrow();
});
