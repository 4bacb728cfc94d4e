// Waits for a workflow on the terminal: a line that says how far it is; Ctrl-C leaves, and the workflow goes on.
import type { WorkflowHandle } from '@temporalio/client';
import type { PipelineError } from '../contracts/pipeline-error.ts';
import { progressLine, say } from './output.ts';
import { workflowFailure } from './workflow-failure.ts';

/** Milliseconds between two looks for the progress line. */
const LOOK_MS = 500;

export interface Following {
  /** How far it is, in a few words; a look that fails shows `first`. */
  look: () => Promise<string>;
  first: string;
  /** What is said to who leaves: `The import goes on`. */
  left: string;
  /** What somebody's cancelling it ends with. */
  cancelled: PipelineError;
}

/** The workflow's result. Throws why it failed, in words for people. */
export async function followWorkflow<Result>(handle: WorkflowHandle, following: Following): Promise<Result> {
  const line = progressLine();
  const leave = () => {
    line.end();
    say(`Left. ${following.left} as workflow ${handle.workflowId}; cancel it in the Temporal UI.`);
    process.exit(0);
  };
  process.once('SIGINT', leave);
  const timer = setInterval(() => {
    following.look().then(
      (text) => line.show(text),
      () => line.show(following.first),
    );
  }, LOOK_MS);
  try {
    return (await handle.result()) as Result;
  } catch (error) {
    throw workflowFailure(error, handle.workflowId, following.cancelled);
  } finally {
    clearInterval(timer);
    process.off('SIGINT', leave);
    line.end();
  }
}
