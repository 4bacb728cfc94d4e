// What an answer does to a sealed chunk: accepted, refused, opened again, halved, or repeated byte for byte. Pure.
import type { ProviderAnswer } from '../../ports/provider.ts';
import { verdictOf, type RetryPolicy, type Verdict } from './verdict.ts';

/** A retry key counts for 24 h from its first use; later the same request would be delivered a second time. */
export const RETRY_KEY_MS = (23 * 60 + 30) * 60_000;

export interface ChunkVerdict extends Omit<Verdict, 'fate'> {
  /** `sealed`: still open, goes out again. */
  state: 'sealed' | 'accepted' | 'rejected' | 'unsealed' | 'uncertain';
  /** What becomes of its members; null while it stays sealed. */
  fate: Verdict['fate'] | null;
  /** Members sent together next time; null: as many as usual. */
  chunkLimit: number | null;
  /** This attempt may have been taken. */
  unknown: boolean;
}

export interface ChunkFacts {
  members: number;
  attempt: number;
  charged: number;
  unknown: boolean;
  firstMs: number;
}

export function chunkVerdictOf(
  answer: ProviderAnswer,
  chunk: ChunkFacts,
  nowMs: number,
  policy: RetryPolicy,
): ChunkVerdict {
  const verdict = verdictOf(answer, chunk.charged, policy);
  const plain = { ...verdict, chunkLimit: null, unknown: false };
  if (answer.class === 'accepted') return { ...plain, state: 'accepted' };
  const unknown = answer.class === 'ambiguous' || answer.unclear;
  if (chunk.unknown || unknown) {
    // Some attempt may have been taken: no refusal of another one says that it was not.
    const delayMs = repeatDelayMs(answer, chunk.attempt, policy);
    if (nowMs + delayMs > chunk.firstMs + RETRY_KEY_MS)
      return { ...plain, state: 'uncertain', fate: 'uncertain', retryable: true, charged: false, unknown };
    return { ...plain, state: 'sealed', fate: null, charged: false, delayMs, unknown };
  }
  if (answer.class === 'fail_recipient' && answer.about === 'member' && chunk.members > 1)
    return {
      ...plain,
      state: 'unsealed',
      fate: 'planned',
      charged: false,
      delayMs: 0,
      chunkLimit: Math.ceil(chunk.members / 2),
    };
  if (answer.class === 'fail_recipient' || answer.class === 'fail_broadcast') return { ...plain, state: 'rejected' };
  // Provably refused every time: nothing binds it to these bytes any more.
  return { ...plain, state: verdict.fate === 'rejected' ? 'rejected' : 'unsealed' };
}

/** Longest wait between two repeats. Lower: a provider that is away for a day is asked for nothing; higher: it is asked late. */
const LAST_REPEAT_MS = 15 * 60_000;

/** 1 s, 2 s, 4 s … 15 min, the first ones with jitter; longer when the provider asks for it. */
function repeatDelayMs(answer: ProviderAnswer, attempt: number, policy: RetryPolicy): number {
  // It was claimed and did not go out: nothing was asked of the provider.
  if (answer.about === 'nobody') return 100;
  const grown = Math.min(LAST_REPEAT_MS, 1_000 * 2 ** Math.min(20, attempt - 1));
  const waited = answer.waitMs ?? Math.max(0.5, policy.random()) * grown;
  return Math.min(LAST_REPEAT_MS, Math.max(100, waited));
}
