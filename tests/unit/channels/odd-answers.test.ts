// Whatever a provider answers is read: nothing throws, and what is kept of it is short and can be stored.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../adapters/channels/exchange.ts';
import { readLineAnswer } from '../../../adapters/channels/line/answers.ts';
import { readWhatsAppAnswer } from '../../../adapters/channels/whatsapp/answers.ts';
import { OUTCOME_CLASSES, type ProviderAnswer } from '../../../ports/provider.ts';

type Headers = Record<string, string | string[] | undefined>;
const answered = (status: number, body: string, headers: Headers = {}): Exchange => ({
  ...{ kind: 'answer', status, headers, body },
});
const readers = {
  LINE: (exchange: Exchange, personal: boolean) => readLineAnswer(exchange, personal ? 1 : 9, personal),
  WhatsApp: readWhatsAppAnswer,
};

const storable = (text: string): boolean => text.length <= 200 && !/[\p{Cc}\p{Cs}]/u.test(text);

function judge(found: ProviderAnswer): void {
  expect(OUTCOME_CLASSES).toContain(found.class);
  expect(['recipient', 'member', 'rate', 'channel', 'broadcast', 'nobody']).toContain(found.about);
  expect(typeof found.code).toBe('string');
  for (const text of [found.code, found.requestId ?? '', found.messageId ?? '']) {
    expect(typeof text).toBe('string');
    expect(storable(text)).toBe(true);
  }
  // A LINE id, or the digits of a number.
  expect(found.code).not.toMatch(/[UCR][0-9a-f]{32}|\d{8}/);
  if (found.waitMs !== null) expect(Number.isSafeInteger(found.waitMs) && found.waitMs > 0).toBe(true);
  expect([typeof found.unclear, typeof found.optedOut]).toEqual(['boolean', 'boolean']);
}

const ODD_BODIES = [
  ...['', 'null', '[]', '5', '"x"', 'true', '{', '<html>', '\u0000', '\ud800', '{"__proto__":null}'],
  ...['{"details":{"a":1}}', '{"details":[null,3]}', '{"details":[{"property":5}]}', '{"details":"x"}'],
  ...['{"message":5}', '{"message":{"a":1}}', '{"message":null,"details":null}'],
  ...['{"error":null}', '{"error":[]}', '{"error":"x"}', '{"error":{"code":{}}}', '{"error":{"code":null}}'],
  ...['{"error":{"code":"190"}}', '{"error":{"code":"x"}}', '{"error":{"code":1e999}}', '{"error":{"code":0.5}}'],
  ...['{"error":{"code":886912345678}}', '{"error":{"code":"886912345678"}}', '{"error":{"code":[190]}}'],
  ...['{"error":{"code":100,"message":7,"error_data":5,"fbtrace_id":{"a":1}}}', '{"error":{"code":true}}'],
  ...['{"error":{"code":100,"error_data":{"details":["x"]}}}', '{"error":{"code":2,"fbtrace_id":"a\\u0000\\ud800b"}}'],
  ...['{"sentMessages":[null]}', '{"sentMessages":{}}', '{"sentMessages":[{"id":{}}]}', '{"sentMessages":[[]]}'],
  ...['{"messages":[{"id":7}]}', '{"messages":[null]}', '{"messages":"x"}', '{"messages":[{"id":"\\u0000"}]}'],
  `{"details":[{"property":"to${'x'.repeat(1_000_000)}"}]}`,
  `{"details":[{"property":"messages[0].${'\\u0000x'.repeat(500)}"}]}`,
  `{"details":[{"property":"U${'0'.repeat(32)}"}]}`,
  `{"message":"${'\\u0000'.repeat(10_000)}"}`,
  `{"error":{"code":100,"error_data":{"details":"${'to '.repeat(300_000)}"}}}`,
  `{"sentMessages":[{"id":"${'9'.repeat(1_000_000)}"}],"messages":[{"id":"${'\\ud800'.repeat(1_000)}"}]}`,
  `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  `${'{"error":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
];

describe.each(Object.entries(readers))('%s', (_, read) => {
  test.each(ODD_BODIES.map((body) => [body.slice(0, 60), body]))('reads %s', (_shown, body) => {
    for (const status of [0, 200, 204, 302, 400, 401, 403, 409, 429, 500, 599])
      for (const personal of [false, true]) judge(read(answered(status, body), personal));
  });

  test('any JSON, any bytes, any real answer with something else in it; any status and headers', () => {
    const real = [
      { message: 'The request body has 1 error(s)', details: [{ message: 'x', property: 'messages[0].text' }] },
      { sentMessages: [{ id: '461230966842064897', quoteToken: 'IStG5h1Tz7b' }] },
      { error: { message: '(#131009) x', code: 131009, error_data: { details: 'to is wrong' }, fbtrace_id: 'A' } },
      { messaging_product: 'whatsapp', contacts: [{ input: '1', wa_id: '1' }], messages: [{ id: 'wamid.x' }] },
    ];
    const mutated = fc
      .tuple(fc.constantFrom(...real), fc.nat(40), fc.jsonValue())
      .map(([answer, nth, value]) => JSON.stringify(withNth(answer, nth, value)));
    const body = fc.oneof(
      fc.json(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
      fc.string({ unit: 'binary' }),
      mutated,
    );
    const status = fc.oneof(fc.integer({ min: 0, max: 999 }), fc.constantFrom(200, 400, 401, 409, 429, 500));
    const headerValue = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.string()), fc.constant(undefined));
    const names = fc.constantFrom('retry-after', 'x-line-request-id', 'x', '__proto__');
    const headers = fc.dictionary(names, fc.oneof(headerValue, fc.double().map(String)));
    fc.assert(
      fc.property(status, body, headers, fc.boolean(), (code, text, head, personal) =>
        judge(read(answered(code, text, head), personal)),
      ),
      { numRuns: 2_000 },
    );
  });
});

/** The same, with its nth value (in order of appearance, counted round) put in place of by another. */
function withNth(root: unknown, nth: number, value: unknown): unknown {
  let count = 0;
  const size = countValues(root);
  const visit = (here: unknown): unknown => {
    if (count++ === nth % size) return value;
    if (Array.isArray(here)) return here.map(visit);
    if (typeof here !== 'object' || here === null) return here;
    return Object.fromEntries(Object.entries(here).map(([name, inner]) => [name, visit(inner)]));
  };
  return visit(root);
}

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countValues(inner), 1);
}

test('what can be told is told: numbers as texts, ids as numbers, the first readable one', () => {
  const wa = (body: unknown, status = 400) => readWhatsAppAnswer(answered(status, JSON.stringify(body)), false);
  expect(wa({ error: { code: '190' } })).toMatchObject({ class: 'pause_channel', code: '190' });
  expect(wa({ error: { code: '131056' } })).toMatchObject({ class: 'retry_after', code: '131056' });
  expect(wa({ messages: [{ id: 7 }] }, 200)).toMatchObject({ class: 'accepted', code: '', messageId: '7' });
  expect(wa({ error: { code: {} } })).toMatchObject({ class: 'ambiguous', code: 'http_400' });
  expect(wa({ error: null }, 200)).toMatchObject({ class: 'accepted', code: 'malformed_200' });
  expect(wa({ error: { code: 2, fbtrace_id: `a\u0000b${'c'.repeat(300)}` } }).requestId).toMatch(/^abc{190,}$/);
  const line = (body: unknown, status: number) => readLineAnswer(answered(status, JSON.stringify(body)), 1, false);
  expect(line([], 200)).toMatchObject({ class: 'accepted', code: 'malformed_200' });
  expect(line({ sentMessages: [{ id: 12 }] }, 200)).toMatchObject({ class: 'accepted', messageId: '12' });
  expect(line({ sentMessages: [null] }, 200)).toMatchObject({ class: 'accepted', code: '', messageId: null });
  expect(line({ details: { a: 1 } }, 400)).toMatchObject({ class: 'fail_broadcast', code: 'http_400' });
  expect(line({ details: [null, { property: 'messages[0].text' }] }, 400)).toMatchObject({ code: 'messages[0].text' });
  const address = `U${'0a'.repeat(16)}`;
  expect(line({ details: [{ property: address }] }, 400).code).toBe('http_400');
});
