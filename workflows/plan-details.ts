// The words and tables that a person sees in the Temporal UI while a plan is made, and when it is there. Pure.
import { LINE_MATCHES, type PlanResult } from '../contracts/broadcast.ts';
import type { PlanProgress } from '../contracts/plan.ts';

export function describePlanProgress(broadcastId: string, progress: PlanProgress): string {
  const { stage, linesDone, linesTotal, bytesDone, bytesTotal } = progress;
  const share = linesTotal === null ? bytesDone / Math.max(1, bytesTotal) : linesDone / Math.max(1, linesTotal);
  const of = linesTotal === null ? '' : ` of ${group(linesTotal)}`;
  return `**${stage}** plan of broadcast ${broadcastId}: ${group(linesDone)}${of} lines (${(100 * share).toFixed(0)} %)`;
}

/** `start`: says how to start it; left out where it waits for approval already. */
export function describePlan(plan: PlanResult, start = true): string {
  const sentTo = plan.recipients - sum(plan.suppressed) - sum(plan.rejected);
  const note = plan.recognised ? ', which was there already' : '';
  const eta = plan.etaSeconds === null ? 'no rate limit' : `about ${group(plan.etaSeconds)} s`;
  return [
    `**planned** broadcast ${plan.broadcastId} on \`${plan.channel}\`${note}: ${group(sentTo)} recipients to send to, ${group(plan.requests)} requests, ${eta}`,
    table('line', Object.fromEntries(LINE_MATCHES.map((outcome) => [outcome, plan.outcomes[outcome]])), 'lines'),
    Object.keys(plan.suppressed).length > 0 && table('suppressed', plan.suppressed, 'recipients'),
    Object.keys(plan.rejected).length > 0 && table('rejected', plan.rejected, 'recipients'),
    ...plan.warnings.map((warning) => `⚠ ${warning}`),
    plan.linesFile && `Lines: \`${plan.linesFile}\``,
    start && `Start it: \`sluice broadcast start ${plan.broadcastId}\``,
  ]
    .filter(Boolean)
    .join('\n\n');
}

function table(head: string, counts: Record<string, number>, unit: string): string {
  const rows = Object.entries(counts).map(([name, count]) => `| ${name} | ${group(count)} |`);
  return [`| ${head} | ${unit} |`, '| --- | ---: |', ...rows].join('\n');
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

/** Thousands by comma; Intl is not at hand in a workflow. */
function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
