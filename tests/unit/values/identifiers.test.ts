// E-mail addresses, social ids and member ids: what is accepted, what it becomes, and why the rest is refused.
import { describe, expect, it } from 'vitest';
import { normaliseEmail } from '../../../pipelines/values/email.ts';
import { normaliseMemberId } from '../../../pipelines/values/member-id.ts';
import { normaliseSocialId } from '../../../pipelines/values/social-id.ts';
import type { ChannelKind } from '../../../contracts/channel-kinds.ts';

describe('normaliseEmail', () => {
  it.each([
    ['amy@example.com', 'amy@example.com', 'amy@example.com'],
    [' Amy.Lin+vip@Example.COM.TW ', 'Amy.Lin+vip@example.com.tw', 'amy.lin+vip@example.com.tw'],
    ['amy@example.com ::: ming@example.com', 'amy@example.com', 'amy@example.com'],
    ['none ::: ming@example.com', 'ming@example.com', 'ming@example.com'],
    ['ａｍｙ＠example.com', 'amy@example.com', 'amy@example.com'],
    ['mailto:amy@example.com', 'amy@example.com', 'amy@example.com'],
    ['am\u200by@example.com', 'amy@example.com', 'amy@example.com'],
    ['amy@例子.tw', 'amy@xn--fsqu00a.tw', 'amy@xn--fsqu00a.tw'],
  ])('%j is kept as %s and compared as %s', (raw, email, emailKey) => {
    expect(normaliseEmail(raw)).toEqual({
      ok: true,
      email,
      emailKey,
      ...(raw.startsWith('amy@example.com :::') ? { others: 1 } : {}),
    });
    expect(normaliseEmail(email)).toEqual({ ok: true, email, emailKey });
  });
  it.each([
    ['', 'email_missing'],
    ['amy', 'email_invalid'],
    ['@example.com', 'email_invalid'],
    ['amy@', 'email_invalid'],
    ['amy@example', 'email_invalid'],
    ['a@b@example.com', 'email_invalid'],
    ['a..b@example.com', 'email_invalid'],
    ['.a@example.com', 'email_invalid'],
    ['a b@example.com', 'email_invalid'],
    ['王@example.com', 'email_invalid'],
    ['amy@-example.com', 'email_invalid'],
    ['amy@example.123', 'email_invalid'],
    ['amy@192.168.0.1', 'email_invalid'],
    [`${'a'.repeat(65)}@example.com`, 'email_too_long'],
    [`a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}.com`, 'email_too_long'],
  ])('%j is refused: %s', (raw, reason) => {
    expect(normaliseEmail(raw)).toEqual({ ok: false, reason });
  });
  it('refuses placeholder domains that it is told', () => {
    const placeholderDomains = new Set(['none.example']);
    expect(normaliseEmail('x@None.example', { placeholderDomains })).toEqual({
      ok: false,
      reason: 'email_placeholder',
    });
  });
});

describe('normaliseMemberId', () => {
  it.each([
    ['00123', '00123'],
    [' M-001 ', 'M-001'],
    ["'000456", '000456'],
    ['="000456"', '000456'],
    ['Ｍ００１', 'M001'],
    ['1E5', '1E5'],
    ['20017.0', '20017'],
    ['00123.0', '00123.0'],
    ['1.10', '1.10'],
    ['3.0.0', '3.0.0'],
  ])('%j is %s', (raw, memberId) => {
    expect(normaliseMemberId(raw)).toEqual({ ok: true, memberId });
  });
  it.each([
    ['1.23E+10', 'member_id_scientific_notation'],
    ['2.0018E4', 'member_id_scientific_notation'],
    ['1E+05', 'member_id_scientific_notation'],
    ['', 'member_id_missing'],
    ["'", 'member_id_missing'],
    ['#N/A', 'member_id_placeholder'],
    ['NULL', 'member_id_placeholder'],
    ['x'.repeat(256), 'member_id_too_long'],
  ])('%j is refused: %s', (raw, reason) => {
    expect(normaliseMemberId(raw)).toEqual({ ok: false, reason });
  });
});

it('a member ID with .0 is refused where others of its column have none', () => {
  expect(normaliseMemberId('1001.0', 'refuse')).toEqual({ ok: false, reason: 'member_id_floating' });
});

describe('normaliseSocialId', () => {
  const id = 'a'.repeat(32);
  it.each<[string, ChannelKind, string]>([
    [`U${id}`, 'line', `U${id}`],
    [` U${id}\u200b`, 'line', `U${id}`],
    [`u${id}`, 'line', 'social_id_invalid'],
    [`U${id.toUpperCase()}`, 'line', 'social_id_invalid'],
    [`C${id}`, 'line', 'social_id_not_a_user'],
    ['', 'line', 'social_id_missing'],
    ['1234567890123456', 'messenger', '1234567890123456'],
    ['1.23457E+15', 'messenger', 'social_id_scientific_notation'],
    ['12ab', 'messenger', 'social_id_invalid'],
    ['0912345678', 'whatsapp', '+886912345678'],
    ['TW.1a2B3c', 'whatsapp', 'TW.1a2B3c'],
    ['HK.ENT.99', 'whatsapp', 'HK.ENT.99'],
    ['02-23456789', 'whatsapp', 'phone_not_mobile'],
    ['8.86E+11', 'whatsapp', 'social_id_scientific_notation'],
  ])('%j on %s is %s', (raw, channelKind, expected) => {
    const result = normaliseSocialId(raw, { channelKind, defaultCountry: 'TW' });
    expect(result.ok ? result.socialId : result.reason).toBe(expected);
  });
});
