// Build step: bundles the workflows into one file that workers load, so that start-up is fast and every worker runs the same.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { packageRoot } from './package-root.ts';

export const WORKFLOW_BUNDLE = path.join(packageRoot(), 'dist', 'workflow-bundle.js');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(packageRoot(), 'dist', 'workflows', 'index.js'),
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: say, error: say },
  });
  await writeFile(WORKFLOW_BUNDLE, code);
}

function silent(): void {
  // Sizes and durations of a normal build interest nobody.
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
