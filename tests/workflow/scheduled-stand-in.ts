// Stands in for the workflows that schedules start: says for which nominal time it runs, and goes on until it is let go.
import { defineSearchAttributeKey } from '@temporalio/common';
import { condition, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';

const NominalTime = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/** `hold` in the input: end only when the signal `letGo` comes. */
export async function tagFrequency(input: {
  channel: string | null;
}): Promise<{ nominal: string | null; input: unknown }> {
  let free = input.channel !== 'hold';
  setHandler(defineSignal('letGo'), () => void (free = true));
  await condition(() => free);
  const nominal = workflowInfo().typedSearchAttributes.get(NominalTime);
  return { nominal: nominal?.toISOString() ?? null, input };
}

export async function expireTags(input: unknown): Promise<unknown> {
  return input;
}
