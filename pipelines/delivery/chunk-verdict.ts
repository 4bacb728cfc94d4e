// What an answer does to a sealed chunk: accepted, refused, opened again, halved, or repeated byte for byte. Pure.
import type { ProviderAnswer } from '../contracts/provider.ts';
import { backoffMs, verdictOf, type RetryPolicy, type Verdict } from './verdict.ts';

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
  const unknown = answer.class === 'ambiguous';
  if (!unknown && !chunk.unknown)
    // Provably refused every time: nothing binds it to these bytes any more.
    return { ...plain, state: verdict.fate === 'rejected' ? 'rejected' : 'unsealed' };
  const delayMs = Math.max(100, answer.waitMs ?? policy.random() * backoffMs(Math.min(chunk.attempt, 10) - 1));
  if (nowMs + delayMs > chunk.firstMs + RETRY_KEY_MS)
    return { ...plain, state: 'uncertain', fate: 'uncertain', retryable: true, unknown };
  return { ...plain, state: 'sealed', fate: null, charged: false, delayMs, unknown };
}
