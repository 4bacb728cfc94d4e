// The words and tables that a person sees in the Temporal UI while a broadcast runs, and when it has ended. Pure.
import { FATES, type BroadcastStatus } from '../pipelines/contracts/broadcast.ts';

export function describeBroadcast(status: BroadcastStatus): string {
  const { fates, recipients } = status;
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
      : `**The channel is held up: ${status.held}.** One request at a time asks whether it works again.`;
  const errors = status.codes.filter(({ fate }) => fate === 'rejected' || fate === 'uncertain').slice(0, 5);
  return [
    head,
    pace,
    held,
    status.error,
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
