// Takes tags off contacts whose validity has run out. One run does all that is due; running it again is harmless.
import { ApplicationFailure, setCurrentDetails } from '@temporalio/workflow';
import { describeError, PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { parseExpireInput, type ExpireInput, type ExpireResult } from '../pipelines/contracts/tag-import.ts';
import { steps } from './proxies.ts';

/**
 * @param input one JSON object, {@link ExpireInput}; the least is `{}`. Started by hand or by a schedule.
 */
export async function expireTags(input: unknown = {}): Promise<ExpireResult> {
  const request = parsed(input);
  setCurrentDetails('**expiring** tags that have run out');
  const result = await steps.expireTags(request);
  setCurrentDetails(`**done**: ${result.expired} tags that ran out up to ${result.upTo} were taken off`);
  return result;
}

function parsed(input: unknown): ExpireInput {
  try {
    return parseExpireInput(input);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    throw ApplicationFailure.nonRetryable(describeError(error), error.code);
  }
}
