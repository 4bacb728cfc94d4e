// Takes tags off contacts whose validity has run out. One run does all that is due; running it again is harmless.
import { setCurrentDetails } from '@temporalio/workflow';
import { parseExpireInput, type ExpireResult } from '../contracts/tag-import.ts';
import { parsedBy } from './parsed-input.ts';
import { steps } from './proxies.ts';

/**
 * @param input one JSON object, `ExpireInput`; the least is `{}`. Started by hand or by a schedule.
 */
export async function expireTags(input: unknown = {}): Promise<ExpireResult> {
  const request = parsedBy(parseExpireInput, input);
  setCurrentDetails('**expiring** tags that have run out');
  const result = await steps.expireTags(request);
  setCurrentDetails(`**done**: ${result.expired} tags that ran out up to ${result.upTo} were taken off`);
  return result;
}
