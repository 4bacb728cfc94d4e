// What answers do to recipients and to sealed chunks.
import { describe, expect, test } from 'vitest';
import { chunkVerdictOf, RETRY_KEY_MS } from '../../../pipelines/delivery/chunk-verdict.ts';
import { verdictOf } from '../../../pipelines/delivery/verdict.ts';
import type { ProviderAnswer } from '../../../ports/provider.ts';

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

test('an unclear refusal is sent again up to three times, or left uncertain; it is counted', () => {
  const unclear = answer({ class: 'retry_backoff', code: '131016', unclear: true });
  const patient = { ...policy, maxAttempts: 10 };
  expect(verdictOf(unclear, 0, patient, 0)).toMatchObject({ fate: 'planned', unclear: true });
  expect(verdictOf(unclear, 1, patient, 1)).toMatchObject({ fate: 'planned' });
  expect(verdictOf(unclear, 2, patient, 2)).toMatchObject({
    fate: 'uncertain',
    code: '131016',
    retryable: true,
  });
  const hold = { ...patient, onUnclear: 'hold' as const };
  expect(verdictOf(unclear, 0, hold, 0)).toMatchObject({ fate: 'uncertain', code: '131016', unclear: true });
  expect(verdictOf(answer({ class: 'retry_backoff', code: '131056' }), 0, hold, 0)).toMatchObject({
    fate: 'planned',
    unclear: false,
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
  test('with an unknown attempt, nothing but acceptance settles it, whatever else is said', () => {
    const unknown = { ...chunk, unknown: true };
    const refusals = [
      member,
      answer({ class: 'fail_broadcast', code: 'http_403', about: 'broadcast' }),
      answer({ class: 'fail_broadcast', code: 'http_413', about: 'broadcast' }),
      answer({ class: 'fail_recipient', code: 'content' }),
      answer({ class: 'pause_channel', code: 'token', about: 'channel' }),
      answer({ class: 'retry_backoff', code: 'connect_refused', about: 'channel' }),
    ];
    for (const refusal of refusals)
      expect(chunkVerdictOf(refusal, unknown, 1_000_100, policy), refusal.code).toMatchObject({
        state: 'sealed',
        fate: null,
      });
    expect(chunkVerdictOf(answer({}), unknown, 1_000_100, policy).state).toBe('accepted');
  });
  test('waits longer from repeat to repeat, up to a quarter of an hour, and no time for one that never left', () => {
    const delays = [1, 2, 5, 11, 40].map(
      (attempt) => chunkVerdictOf(lost, { ...chunk, attempt }, 1_000_100, policy).delayMs,
    );
    expect(delays).toEqual([500, 1_000, 8_000, 450_000, 450_000]);
    const unsent = answer({ class: 'retry_backoff', code: 'not_sent', about: 'nobody' });
    expect(chunkVerdictOf(unsent, { ...chunk, attempt: 40, unknown: true }, 1_000_100, policy).delayMs).toBe(100);
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
