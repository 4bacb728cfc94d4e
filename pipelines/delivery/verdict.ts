// What a provider's answer does to the recipient it is about: its fate, whether it may be tried again, and when. Pure.
import type { Fate } from '../../contracts/broadcast.ts';
import type { ProviderAnswer } from '../../ports/provider.ts';

export interface Verdict {
  fate: Extract<Fate, 'accepted' | 'rejected' | 'planned' | 'uncertain'>;
  code: string;
  /** A rejected one that `retry --scope failed` may try again. */
  retryable: boolean;
  /** Counts towards attempts_exhausted. */
  charged: boolean;
  /** Until it may be tried again. */
  delayMs: number;
  /** The refusal did not say whether the message was taken; how many there were is counted. */
  unclear: boolean;
}

export interface RetryPolicy {
  maxAttempts: number;
  /** What an unclear refusal does: sent again, or uncertain. */
  onUnclear: 'retry' | 'hold';
  /** 0 ≤ n < 1, for jitter. */
  random: () => number;
}

/** Unclear refusals of one recipient after which nothing is sent to it any more. Higher: it may be reached that often. */
const MOST_UNCLEAR = 3;

/** First wait of a recipient's retries, doubled each time, up to the last. Lower: the provider is asked while it still refuses. */
const FIRST_DELAY_MS = 1_000;
const LAST_DELAY_MS = 60_000;
/** A pair of sender and user recovers by 4^n seconds, says the provider; more than this is not waited for in one step. */
const LAST_PAIR_DELAY_MS = 3_600_000;

/** Codes after which the same content may reach the same person another day. */
const RETRYABLE_REFUSALS = new Set(['131026', '131049', '131047', '130472', '131000', '1']);

/** `charged`: failed attempts of this recipient before this one; `unclear`: unclear refusals before this one. */
export function verdictOf(answer: ProviderAnswer, charged: number, policy: RetryPolicy, unclear = 0): Verdict {
  return { ...plainVerdict(answer, charged, policy, unclear), unclear: answer.unclear };
}

function plainVerdict(
  answer: ProviderAnswer,
  charged: number,
  policy: RetryPolicy,
  unclear: number,
): Omit<Verdict, 'unclear'> {
  const { code } = answer;
  if (answer.unclear && policy.onUnclear === 'hold')
    return { fate: 'uncertain', code, retryable: true, charged: false, delayMs: 0 };
  switch (answer.class) {
    case 'accepted':
      return { fate: 'accepted', code: '', retryable: false, charged: false, delayMs: 0 };
    case 'ambiguous':
      return { fate: 'uncertain', code, retryable: true, charged: false, delayMs: 0 };
    case 'fail_recipient':
      return { fate: 'rejected', code, retryable: RETRYABLE_REFUSALS.has(code), charged: true, delayMs: 0 };
    case 'fail_broadcast':
      // The recipient is not at fault: once the template or the permission is mended, it can be tried again.
      return { fate: 'rejected', code, retryable: true, charged: false, delayMs: 0 };
    case 'pause_channel':
      return { fate: 'planned', code, retryable: true, charged: false, delayMs: 0 };
    case 'retry_backoff':
    case 'retry_after': {
      // The endpoint's budget and the wire are no fault of the recipient.
      const mine = answer.about === 'recipient' || answer.about === 'member';
      // Nobody said that it was not taken: sent again so often by the person's choice, and then not guessed.
      if (answer.unclear && (unclear + 1 >= MOST_UNCLEAR || charged + 1 >= policy.maxAttempts))
        return { fate: 'uncertain', code, retryable: true, charged: true, delayMs: 0 };
      if (mine && charged + 1 >= policy.maxAttempts)
        return { fate: 'rejected', code: 'attempts_exhausted', retryable: true, charged: true, delayMs: 0 };
      return { fate: 'planned', code, retryable: true, charged: mine, delayMs: delayOf(answer, charged, policy) };
    }
  }
}

function delayOf(answer: ProviderAnswer, charged: number, policy: RetryPolicy): number {
  if (answer.waitMs !== null) return answer.waitMs;
  if (answer.class === 'retry_after') return Math.min(LAST_PAIR_DELAY_MS, 1_000 * 4 ** charged);
  // A channel-wide refusal slows everybody through the limiter; the recipient itself need not wait long.
  if (answer.about !== 'recipient') return 0;
  return Math.max(100, policy.random() * backoffMs(charged));
}

/** Exponential: 1 s, 2 s, 4 s … 60 s. */
export function backoffMs(failures: number): number {
  return Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
}
