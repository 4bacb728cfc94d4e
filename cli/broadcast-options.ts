// Reads what people type about broadcasts. Wrong values are wrong usage: exit code 2.
import { InvalidArgumentError } from 'commander';
import { isDigits } from '../contracts/checked-input.ts';

export function parseBroadcastId(text: string): string {
  if (isDigits(text)) return text;
  throw new InvalidArgumentError('ids of broadcasts are digits; sluice broadcast list shows them');
}

export function parseHours(text: string): number {
  const hours = Number(text.replace(/h$/, ''));
  if (hours > 0) return hours;
  throw new InvalidArgumentError('must be a number of hours above 0, such as 48');
}

/** Requests a second for one broadcast; `none` lifts its cap. */
export function parseRateCap(text: string): number | null {
  if (text === 'none') return null;
  const rate = Number(text);
  if (text !== '' && Number.isFinite(rate) && rate > 0) return rate;
  throw new InvalidArgumentError('must be requests a second above 0, such as 40; or none to lift the cap');
}
