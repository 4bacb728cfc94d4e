// What answers do to recipients and to sealed chunks.
import { describe, expect, test } from 'vitest';
import { chunkVerdictOf, RETRY_KEY_MS } from '../../../pipelines/delivery/chunk-verdict.ts';
import { verdictOf } from '../../../pipelines/delivery/verdict.ts';
import type { ProviderAnswer } from '../../../pipelines/contracts/provider.ts';

const answer = (facts: Partial<ProviderAnswer>): ProviderAnswer => ({
  class: 'accepted',
  code: '',
  requestId: null,
  messageId: null,
  waitMs: null,
  about: 'recipient',
  unclear: false,
  optedOut: false,
  ...facts,
});
const policy = { maxAttempts: 3, onUnclear: 'retry' as const, random: () => 0.5 };

describe('a recipient', () => {
  const cases: [string, Partial<ProviderAnswer>, number, object][] = [
    ['accepted', {}, 0, { fate: 'accepted', charged: false }],
    ['lost answer', { class: 'ambiguous', code: 'socket', about: 'channel' }, 0, { fate: 'uncertain' }],
    ['not on WhatsApp', { class: 'fail_recipient', code: '131026' }, 0, { fate: 'rejected', retryable: true }],
    ['opted out', { class: 'fail_recipient', code: '131050' }, 0, { fate: 'rejected', retryable: false }],
    [
      'template paused',
      { class: 'fail_broadcast', code: '132015', about: 'broadcast' },
      0,
      { fate: 'rejected', retryable: true, charged: false },
    ],
    [
      'token',
      { class: 'pause_channel', code: 'token', about: 'channel' },
      2,
      { fate: 'planned', charged: false, delayMs: 0 },
    ],
    [
      'rate',
      { class: 'retry_backoff', code: 'rate', about: 'rate' },
      2,
      { fate: 'planned', charged: false, delayMs: 0 },
    ],
    ['outage', { class: 'retry_backoff', code: '131016' }, 1, { fate: 'planned', charged: true, delayMs: 1_000 }],
    [
      'outage, last try',
      { class: 'retry_backoff', code: '131016' },
      2,
      { fate: 'rejected', code: 'attempts_exhausted', retryable: true },
    ],
    ['pair rate', { class: 'retry_after', code: '131056' }, 1, { fate: 'planned', delayMs: 4_000 }],
    [
      'asked to wait',
      { class: 'retry_after', code: '132069', waitMs: 3_600_000 },
      0,
      { fate: 'planned', delayMs: 3_600_000 },
    ],
    [
      'never sent',
      { class: 'retry_backoff', code: 'not_sent', about: 'nobody' },
      2,
      { fate: 'planned', charged: false, delayMs: 0 },
    ],
  ];
  test.each(cases)('%s', (_, facts, charged, expected) => {
    expect(verdictOf(answer(facts), charged, policy)).toMatchObject(expected);
  });
});

describe('a sealed chunk', () => {
  const chunk = { members: 8, attempt: 1, charged: 0, unknown: false, firstMs: 1_000_000 };
  const lost = answer({ class: 'ambiguous', code: 'timeout', about: 'channel' });
  const rate = answer({ class: 'retry_backoff', code: 'rate', about: 'rate' });
  const member = answer({ class: 'fail_recipient', code: 'unknown_recipient', about: 'member' });

  test('stays sealed after a lost answer, and goes out again', () => {
    expect(chunkVerdictOf(lost, chunk, 1_000_100, policy)).toMatchObject({
      state: 'sealed',
      fate: null,
      unknown: true,
    });
  });
  test('is opened when every attempt was provably refused', () => {
    expect(chunkVerdictOf(rate, chunk, 1_000_100, policy)).toMatchObject({ state: 'unsealed', fate: 'planned' });
  });
  test('is not opened by a refusal once an attempt is unknown', () => {
    const verdict = chunkVerdictOf(rate, { ...chunk, unknown: true }, 1_000_100, policy);
    expect(verdict).toMatchObject({ state: 'sealed', fate: null });
    expect(verdict.delayMs).toBeGreaterThan(0);
  });
  test('is halved when one member is refused, down to the one', () => {
    expect(chunkVerdictOf(member, chunk, 1_000_100, policy)).toMatchObject({
      state: 'unsealed',
      fate: 'planned',
      chunkLimit: 4,
      charged: false,
    });
    expect(chunkVerdictOf(member, { ...chunk, members: 3 }, 1_000_100, policy).chunkLimit).toBe(2);
    const one = answer({ class: 'fail_recipient', code: 'unknown_recipient' });
    expect(chunkVerdictOf(one, { ...chunk, members: 1 }, 1_000_100, policy)).toMatchObject({
      state: 'rejected',
      fate: 'rejected',
    });
  });
  test('is given up as uncertain before its retry key runs out, never repeated after', () => {
    const late = chunk.firstMs + RETRY_KEY_MS - 50;
    expect(chunkVerdictOf(lost, chunk, late, policy)).toMatchObject({ state: 'uncertain', fate: 'uncertain' });
    expect(chunkVerdictOf(rate, { ...chunk, unknown: true }, late, policy).state).toBe('uncertain');
    expect(chunkVerdictOf(answer({}), { ...chunk, unknown: true }, late, policy).state).toBe('accepted');
  });
});
