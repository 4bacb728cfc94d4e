// The status of a broadcast for people: the conservation table, codes, delivery, pace.
import { FATES, type BroadcastStatus } from '../pipelines/contracts/broadcast.ts';
import { table } from './output.ts';

export function renderStatus(status: BroadcastStatus): string {
  const { fates, recipients, codes, delivery } = status;
  const sum = FATES.reduce((total, fate) => total + fates[fate], 0);
  const text = [
    `Broadcast ${status.broadcastId} on ${status.channel}: ${status.state}${status.attempt > 1 ? ` (attempt ${status.attempt})` : ''}`,
    table(
      ['fate', 'recipients'],
      [...FATES.map((fate) => [fate, fates[fate]]), ['sum', sum], ['recipients', recipients]],
    ),
  ];
  if (codes.length > 0)
    text.push(
      table(
        ['fate', 'code', 'recipients'],
        codes.map((row) => [row.fate, row.code, row.recipients]),
      ),
    );
  const told = Object.entries(delivery).filter(([, count]) => count > 0);
  if (told.length > 0) text.push(`Delivery: ${told.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  if (status.state === 'running') {
    const limit = status.limitPerSecond === null ? 'no limit' : `limit ${Math.round(status.limitPerSecond)}/s`;
    const eta = status.etaSeconds === null ? '' : `, about ${status.etaSeconds} s left`;
    text.push(`${Math.round(status.ratePerSecond)} recipients/s, ${limit}${eta}`);
  }
  if (status.held !== null) text.push(`The channel is held up: ${status.held}.`);
  if (status.error !== null) text.push(status.error);
  return text.join('\n');
}
