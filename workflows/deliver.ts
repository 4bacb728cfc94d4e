// One deliverChannel of a broadcast, from its start to its end; asked to hand over when the broadcast's own history is long.
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Started } from '../contracts/broadcast-input.ts';
import type { BroadcastDesk } from './broadcast-desk.ts';
import { handOverSignal } from './broadcast-messages.ts';
import { deliverChannel, type DeliverResult } from './deliver-channel.ts';
import { BroadcastId, Channel } from './search-attributes.ts';

export async function deliver(started: Started, desk: BroadcastDesk, resolveOnly: boolean): Promise<DeliverResult> {
  const { broadcastId, attempt, channel } = started;
  const child = await startChild(deliverChannel, {
    workflowId: `${workflowInfo().workflowId}/${channel}/${attempt}${resolveOnly ? '/resolve' : ''}`,
    args: [{ broadcastId, attempt, channel, resolveOnly, ...(desk.events === null ? {} : { events: desk.events }) }],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    staticSummary: `broadcast ${broadcastId} on ${channel}`,
    typedSearchAttributes: [
      { key: BroadcastId, value: broadcastId },
      { key: Channel, value: channel },
    ],
  });
  if (resolveOnly) return child.result();
  const asking = new CancellationScope({ cancellable: true });
  asking
    .run(async () => {
      await condition(() => desk.full());
      await child.signal(handOverSignal);
    })
    // It has ended by itself, or this run is over.
    .catch(() => undefined);
  try {
    return await child.result();
  } finally {
    asking.cancel();
  }
}
