// Broadcasts as workflows, activities and the command line see them: states, fates, counts, references. Ids and counts only.

export const BROADCAST_STATES = [
  'planned',
  'scheduled',
  'running',
  'paused',
  'settling',
  'completed',
  'cancelled',
  'failed',
] as const;
export type BroadcastState = (typeof BROADCAST_STATES)[number];
/** An attempt is under way. */
export const OPEN_STATES: readonly BroadcastState[] = ['running', 'paused', 'settling'];
/** An attempt is over. */
export const ENDED_STATES: readonly BroadcastState[] = ['completed', 'cancelled', 'failed'];

export const FATES = ['planned', 'claimed', 'accepted', 'rejected', 'uncertain', 'suppressed', 'cancelled'] as const;
export type Fate = (typeof FATES)[number];
export type FateCounts = Record<Fate, number>;

export const LINE_MATCHES = ['matched', 'created', 'unmatched', 'ambiguous', 'duplicate', 'invalid'] as const;
export type LineMatch = (typeof LINE_MATCHES)[number];
export type MatchCounts = Record<LineMatch, number>;

export const DELIVERY_STATES = ['sent', 'delivered', 'read', 'failed'] as const;
export type DeliveryCounts = Record<(typeof DELIVERY_STATES)[number], number>;

/** Why a recipient is not sent to, in the order in which they are looked for. `deleted` only shows after the plan. */
export const SUPPRESSION_REASONS = [
  'deleted',
  'blocked',
  'unsubscribed',
  'suppression_list',
  'no_address',
  'same_number',
  'over_quota',
  'holdout',
  'frequency_cap',
] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

export const RETRY_SCOPES = ['planned', 'failed', 'uncertain', 'cancelled'] as const;
export type RetryScope = (typeof RETRY_SCOPES)[number];

/** What is kept of the request with the plan, in `broadcasts.options`: all of it is part of the digest. */
export interface PlanOptions {
  matchBy: string;
  /** Several contacts for one key: the one last interacted with, all of them, or none. */
  ambiguous: 'latest' | 'all' | 'reject';
  phoneMatch: 'e164' | 'literal';
  country: string;
  /** A send whose answer was lost, at a provider without retry keys: left as it is, or sent again. */
  onUncertain: 'hold' | 'resend';
  /** Seconds to wait for evidence about uncertain recipients before the broadcast ends. */
  settleSeconds: number;
  /** Failed attempts after which a recipient is rejected as `attempts_exhausted`. */
  maxAttempts: number;
  /**
   * An answer that says "try again" and not whether the message was taken: sent again up to three times, or uncertain. Plans made
   * before there was a choice have none: retry.
   */
  onUnclearRefusal?: 'retry' | 'hold';
}

/** The answer of `broadcast plan`. */
export interface PlanResult {
  digest: string;
  broadcastId: string;
  channel: string;
  lines: number;
  outcomes: MatchCounts;
  recipients: number;
  suppressed: Record<string, number>;
  rejected: Record<string, number>;
  /** Requests it takes, without retries. */
  requests: number;
  /** Seconds it takes under the limits, beside what runs now; null: no limit. */
  etaSeconds: number | null;
  /** An unstarted plan of the same digest was there already, and is this one. */
  recognised: boolean;
  /** Sent before: `start` needs `again`. */
  startedBefore: boolean;
  quotaLeft: number | null;
  warnings: string[];
  /** Requests that a crash of a worker leaves uncertain at most, at the latency that is assumed before any is measured. */
  inFlightBound: number;
  /** One outcome a line, as CSV. */
  linesFile: string | null;
}

/** Names a broadcast and the run that may move it on. */
export interface BroadcastRef {
  broadcastId: string;
  attempt: number;
}

export interface SliceRef extends BroadcastRef {
  channel: string;
  slice: number;
}

/** Why a slice came back. `done`: nothing is left in it now; rows may wait for `nextAt`. */
export interface SliceResult {
  stopped: 'done' | 'paused' | 'cancelled' | 'wait' | 'failed';
  /** Epoch milliseconds of the database from when going on makes sense; null: at once. */
  nextAt: number | null;
  /** The same from now on, so that no two clocks need agree; null: at once. Results of older workers lack it. */
  waitMs?: number | null;
  /** The broadcast's fault that every other recipient would share, in words. */
  problem: string | null;
}

/** `sluice broadcast status --json`. */
export interface BroadcastStatus {
  broadcastId: string;
  channel: string;
  state: BroadcastState;
  attempt: number;
  digest: string | null;
  recipients: number;
  fates: FateCounts;
  codes: { fate: Fate; code: string; recipients: number }[];
  delivery: DeliveryCounts;
  ratePerSecond: number;
  /** Recipients a second that the limit allows; null: no limit. */
  limitPerSecond: number | null;
  etaSeconds: number | null;
  /** What holds the whole channel up, such as `token`, or `disabled`; null: nothing. */
  held: string | null;
  /** Why nothing can be sent now although something is left: no worker serves the channel; null: nothing of the kind. */
  waiting: string | null;
  /** Recipients in requests nobody knows the end of, and until when the provider is asked; null: none. */
  unresolved: { recipients: number; code: string | null; until: string } | null;
  /** Until when evidence about uncertain recipients is waited for; null: it is not. */
  settleUntil: string | null;
  /** Recipients that were sent to once more after a refusal that did not say whether the message was taken. */
  repeatedAfterUnclearRefusal: number;
  /** Requests a second at most for this broadcast, below its channel's rate; null: no cap of its own. */
  rateCap: number | null;
  /** Part of the channel's rate that is granted: less than 0.95 where the database is too far away for more; null: not known. */
  grantedShare: number | null;
  /** Recipients or chunks that a crash can leave uncertain at most, all workers of the channel together. */
  inFlightBound: number;
  error: string | null;
}

export function emptyFates(): FateCounts {
  return { planned: 0, claimed: 0, accepted: 0, rejected: 0, uncertain: 0, suppressed: 0, cancelled: 0 };
}

export function emptyMatches(): MatchCounts {
  return { matched: 0, created: 0, unmatched: 0, ambiguous: 0, duplicate: 0, invalid: 0 };
}
