// The words and tables that a person sees in the Temporal UI while a broadcast runs, and when it has ended. Pure.
import { FATES, type BroadcastStatus } from '../contracts/broadcast.ts';

export function describeBroadcast(status: BroadcastStatus): string {
  const { fates, recipients } = status;
  // Recorded looks of older workers lack what came later.
  const unresolved = status.unresolved ?? null;
  const repeatedNow = status.repeatedAfterUnclearRefusal ?? 0;
  const settled = recipients - fates.planned - fates.claimed;
  const percent = (100 * settled) / Math.max(1, recipients);
  const head = `**${status.state}** broadcast ${status.broadcastId} on \`${status.channel}\`: ${group(settled)} of ${group(recipients)} recipients (${percent.toFixed(0)} %)`;
  const limit = status.limitPerSecond === null ? 'no limit' : `limit ${group(Math.round(status.limitPerSecond))}/s`;
  const eta = status.etaSeconds === null ? '' : `, about ${group(status.etaSeconds)} s left`;
  const pace =
    status.state === 'running' ? `${group(Math.round(status.ratePerSecond))} recipients/s, ${limit}${eta}` : null;
  const held =
    status.held === null
      ? null
      : status.held === 'disabled'
        ? '**The channel is disabled.** It goes on when somebody enables it: `sluice channels set ID --enable`.'
        : `**The channel is held up: ${status.held}.** One request at a time asks whether it works again.`;
  const waiting = (status.waiting ?? null) === null ? null : `**waiting: ${status.waiting}**`;
  const open =
    unresolved === null
      ? null
      : `**${group(unresolved.recipients)} recipients are in requests nobody knows the end of** (\`${unresolved.code ?? 'no answer'}\`). The provider is asked until ${unresolved.until}; \`sluice broadcast give-up ${status.broadcastId}\` (or the update \`giveUp\`) makes them uncertain now.`;
  const settling =
    (status.settleUntil ?? null) === null
      ? null
      : `Evidence about uncertain recipients is waited for until ${status.settleUntil}.`;
  const next =
    status.state === 'completed' && fates.uncertain > 0
      ? `${group(fates.uncertain)} are uncertain. To send to them once more, at the risk of a second message: \`sluice broadcast retry ${status.broadcastId} --scope uncertain\``
      : null;
  const repeated = repeatedNow === 0 ? null : `${group(repeatedNow)} repeated after an unclear refusal.`;
  const errors = status.codes.filter(({ fate }) => fate === 'rejected' || fate === 'uncertain').slice(0, 5);
  return [
    head,
    pace,
    waiting,
    held,
    open,
    settling,
    repeated,
    status.error,
    next,
    table(
      'fate',
      FATES.map((fate) => [fate, fates[fate]]),
    ),
    errors.length > 0
      ? table(
          'what went wrong',
          errors.map(({ code, recipients: n }) => [`\`${code}\``, n]),
        )
      : null,
  ]
    .filter(Boolean)
    .join('\n\n');
}

function table(title: string, rows: [string, number][]): string {
  return [`| ${title} | recipients |`, '| --- | ---: |', ...rows.map(([name, n]) => `| ${name} | ${group(n)} |`)].join(
    '\n',
  );
}

/** Thousands by comma; Intl is not at hand in a workflow. */
function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
