// Waits until a person lets a broadcast go out, and shows what they decide about: the plan, not only that it waits.
import { condition } from '@temporalio/workflow';
import type { RetryScope } from '../contracts/broadcast.ts';
import type { BroadcastDesk } from './broadcast-desk.ts';
import { describePlan } from './plan-details.ts';
import { short } from './proxies.ts';

/** `full`: another run waits on. */
export async function awaitApproval(
  { plan, retry }: { plan: string | null; retry: { broadcastId: string; scope: RetryScope } | null },
  desk: BroadcastDesk,
): Promise<'approved' | 'cancelled' | 'full'> {
  if (retry !== null) {
    await short.approvalView(retry.broadcastId);
    desk.show(
      'planned',
      `Retry of broadcast ${retry.broadcastId}, scope ${retry.scope}: waits for the update \`approve\`.`,
    );
  } else {
    const view = await short.approvalView(plan!);
    const samples = view.samples.map(
      (text, index) => `Sample ${index + 1}, values as marks:\n\n\`\`\`json\n${text}\n\`\`\``,
    );
    const { broadcastId } = view.plan;
    desk.show(
      'planned',
      [
        `Broadcast ${broadcastId} waits for the update \`approve\` (or \`cancel\`): \`sluice broadcast approve ${broadcastId}\`.`,
        describePlan(view.plan, false),
        ...samples,
      ].join('\n\n'),
      { broadcastId, recipients: view.plan.recipients },
    );
  }
  await condition(() => desk.approved || desk.cancelled || desk.full());
  if (desk.cancelled) return 'cancelled';
  return desk.approved ? 'approved' : 'full';
}
