// The status of a broadcast for people: the conservation table, codes, delivery, pace, what it waits for, what to do next.
import { FATES, type BroadcastStatus } from '../contracts/broadcast.ts';
import { nextCommand } from './next-command.ts';
import { table } from './output.ts';
import type { SharedOptions } from './session.ts';
import { terminalTime } from './terminal-time.ts';

/** Share of the rate below which the promise of 95 % cannot be kept. */
const PROMISED_SHARE = 0.95;

/** `next`: the command by which a person answers what is waited for, without `sluice`; null: nobody is waited for. */
export function renderStatus(
  status: BroadcastStatus,
  options: SharedOptions = {},
  timeZone = 'UTC',
  next: string | null = null,
): string {
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
  if (status.repeatedAfterUnclearRefusal > 0)
    text.push(`${status.repeatedAfterUnclearRefusal} repeated after an unclear refusal: they may have got it twice.`);
  text.push(...(next === null ? paceOf(status) : []), ...waitsOf(status, options, timeZone, next));
  if (status.error !== null) text.push(status.error);
  if (status.state === 'failed' && fates.planned > 0)
    text.push(
      `${fates.planned} were not sent to. When the cause is mended: ${nextCommand(options, `broadcast retry ${status.broadcastId} --scope planned`)}`,
    );
  if (status.state === 'completed' && fates.uncertain > 0)
    text.push(
      `${fates.uncertain} uncertain: whether they got it is not known. To send to them once more, at the risk of a second message: ${nextCommand(options, `broadcast retry ${status.broadcastId} --scope uncertain`)}`,
    );
  return text.join('\n');
}

function paceOf(status: BroadcastStatus): string[] {
  if (status.state !== 'running') return [];
  const limit = status.limitPerSecond === null ? 'no limit' : `limit ${Math.round(status.limitPerSecond)}/s`;
  const cap = status.rateCap === null ? '' : ` (capped at ${status.rateCap} requests/s)`;
  const eta = status.etaSeconds === null ? '' : `, about ${status.etaSeconds} s left`;
  const text = [`${Math.round(status.ratePerSecond)} recipients/s, ${limit}${cap}${eta}`];
  if (status.inFlightBound > 0) text.push(`A crash can leave ${status.inFlightBound} uncertain at most.`);
  if (status.grantedShare !== null && status.grantedShare < PROMISED_SHARE)
    text.push(
      `Only ${(100 * status.grantedShare).toFixed(0)} % of the rate is used: the database is too far away to use more of it safely.`,
    );
  return text;
}

function waitsOf(status: BroadcastStatus, options: SharedOptions, timeZone: string, next: string | null): string[] {
  const text: string[] = [];
  if (next !== null) text.push(`Waits for ${status.waiting}. Go on with: ${nextCommand(options, next)}`);
  else if (status.waiting !== null) text.push(`Waiting: ${status.waiting}.`);
  if (status.held === 'disabled')
    text.push(`The channel is disabled; go on with: sluice channels set ${status.channel} --enable.`);
  else if (status.held !== null) text.push(`The channel is held up: ${status.held}.`);
  if (status.unresolved !== null)
    text.push(
      `${status.unresolved.recipients} in requests nobody knows the end of (${status.unresolved.code ?? 'no answer'}); the provider is asked until ${terminalTime(status.unresolved.until, timeZone)} (${timeZone}). To stop asking: sluice broadcast give-up ${status.broadcastId}.`,
    );
  if (status.settleUntil !== null)
    text.push(
      `Evidence about uncertain ones is waited for until ${terminalTime(status.settleUntil, timeZone)} (${timeZone}).`,
    );
  return text;
}
