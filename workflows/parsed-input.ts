// Input that came from outside, checked where a workflow begins: what is wrong with it is the workflow's failure, not a retry.
import { ApplicationFailure } from '@temporalio/workflow';
import { describeError, PipelineError } from '../contracts/pipeline-error.ts';

/** The input as `parse` understands it. Throws a failure that is not retried, with the problem's code as its type. */
export function parsedBy<Input>(parse: (value: unknown) => Input, input: unknown): Input {
  try {
    return parse(input);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    throw ApplicationFailure.nonRetryable(describeError(error), error.code);
  }
}
