// What a simulated LINE remembers: keys, users, quota, aggregation units, and the switches of what nobody published.
import type { SimulatorClock } from '../clock.ts';
import type { Truth } from '../record-lines.ts';
import { UserStates } from '../user-states.ts';
import { Quota } from './quota.ts';
import { RetryKeys } from './retry-keys.ts';

/** A blocked or deleted user is accepted and not reached; an unknown one (also another provider's id) is refused. */
export const LINE_USER_STATES = ['friend', 'blocked', 'deleted', 'unknown'] as const;
export type LineUserState = (typeof LINE_USER_STATES)[number];

export interface LineState {
  clock: SimulatorClock;
  keys: RetryKeys;
  /** By default every well-formed id is a friend. */
  users: UserStates<LineUserState>;
  quota: Quota;
  /** People reached by aggregation unit, by `sender unit`. */
  units: Map<string, number>;
  /** What a multicast with an unknown id does. Not published. */
  unknownInMulticast: 'reject-all' | 'skip';
}

export function lineState(clock: SimulatorClock): LineState {
  return {
    ...{ clock, keys: new RetryKeys(), users: new UserStates<LineUserState>('friend'), quota: new Quota() },
    ...{ units: new Map<string, number>(), unknownInMulticast: 'reject-all' },
  };
}

/** Takes up what an earlier process accepted. */
export function restoreLine(state: LineState, truth: Truth): void {
  const simulatedUs = state.clock.simulatedThenUs(truth.atUs);
  const { sender, requestId, bodyHash, messageIds, correlation } = truth;
  if (correlation !== '')
    state.keys.add(sender, correlation, { requestId, bodyHash, messageIds, acceptedUs: simulatedUs });
  if (truth.recipients !== '') state.quota.count(sender, truth.recipients.split(';').length, simulatedUs);
}
