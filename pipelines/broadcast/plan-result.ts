// The answer of `broadcast plan`, out of the row of a finished plan and of what else runs now. Reads only.
import type { Queryable } from '../../ports/database.ts';
import { rateOf, readChannel } from '../channels/channel-store.ts';
import { emptyMatches, type PlanResult } from '../../contracts/broadcast.ts';
import { inFlightLimit } from '../delivery/in-flight.ts';
import { startedBefore } from './find-plan.ts';
import { etaSeconds } from './plan-pace.ts';
import type { ProviderPorts } from './plan-ports.ts';
import { planSql } from './plan-sql.ts';
import { readPlan } from './plan-store.ts';

/** The result of the finished plan `broadcastId`, as of now. */
export async function planResult(db: Queryable, broadcastId: string, ports: ProviderPorts): Promise<PlanResult> {
  const row = await readPlan(db, broadcastId);
  const channel = await readChannel(db, row.channelId);
  const mode = ports.provider(channel.kind).mode(row.parameterNames.length > 0);
  const { rows: others } = await db.query<{ requests: string }>(planSql.others_running, [
    broadcastId,
    row.channelId,
    row.endpoint,
  ]);
  // What the provider counts down is shown where it can be had; a plan does not depend on it.
  const quotaLeft = await ports.quotaLeft(channel).catch(() => null);
  const toSend = row.recipients - sum(row.suppressed) - sum(row.rejected);
  return {
    digest: row.digest!,
    broadcastId,
    channel: row.channelId,
    lines: row.lines,
    // jsonb keeps keys in an order of its own.
    outcomes: { ...emptyMatches(), ...row.outcomes },
    recipients: row.recipients,
    suppressed: row.suppressed,
    rejected: row.rejected,
    requests: row.requests,
    etaSeconds: etaSeconds(
      row.requests,
      rateOf(channel, mode.endpoint),
      others.map(({ requests }) => Number(requests)),
    ),
    recognised: false,
    startedBefore: (await startedBefore(db, broadcastId)) !== null,
    quotaLeft,
    warnings: [...row.warnings, ...quotaWarning(toSend, quotaLeft)],
    inFlightBound: Math.min(row.requests, inFlightLimit(rateOf(channel, mode.endpoint))),
    linesFile: row.linesFile,
  };
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

function quotaWarning(toSend: number, left: number | null): string[] {
  if (left === null || toSend <= left) return [];
  return [`${toSend} recipients, and the provider allows ${left} more messages this month.`];
}
