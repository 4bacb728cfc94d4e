// What the value of a place must not hold, by where the message has it.
import { describe, expect, test } from 'vitest';
import { line } from '../../../adapters/channels/line/line.ts';
import { whatsapp } from '../../../adapters/channels/whatsapp/whatsapp.ts';
import type { Provider, ValueRule } from '../../../ports/provider.ts';

const codes = (provider: Provider, message: Record<string, unknown>, names: string[]): (string | null)[] =>
  provider.valueRules(message, names).map((rule) => rule?.code ?? null);
const refuses = (rule: ValueRule | null, value: string): boolean =>
  rule !== null && new RegExp(rule.pattern, 'u').test(value);
const template = (...components: unknown[]): Record<string, unknown> => ({
  type: 'template',
  template: { name: 'sale', language: { code: 'zh_TW' }, components },
});
const text = (value: string): object => ({ type: 'text', text: value });

describe('WhatsApp', () => {
  const [rule] = whatsapp.valueRules(template({ type: 'body', parameters: [text('{{name}}')] }), ['name']);
  test.each(['a\nb', 'a\r\nb', 'a\tb', 'a     b', '      ', 'end\n'])(
    'a template parameter must not hold %j',
    (value) => {
      expect(refuses(rule!, value)).toBe(true);
    },
  );
  test.each(['', 'Amy', 'a    b', '王 小明', 'a\u00a0\u3000b', '{x}', '𝒳'])('but may hold %j', (value) => {
    expect(refuses(rule!, value)).toBe(false);
  });

  test('the rule is about text that is shown, wherever the template has it', () => {
    const message = template(
      { type: 'header', parameters: [text('{{ header }}'), { type: 'image', image: { link: '{{link}}' } }] },
      {
        type: 'body',
        parameters: [
          text('Dear {{name}}, {{title}}'),
          { type: 'currency', currency: { fallback_value: '{{price}}', code: 'TWD', amount_1000: '{{amount}}' } },
          { type: 'date_time', date_time: { fallback_value: '{{day}}' } },
        ],
      },
      { type: 'button', sub_type: 'url', index: '0', parameters: [text('{{path}}')] },
      {
        type: 'button',
        sub_type: 'quick_reply',
        index: '1',
        parameters: [{ type: 'payload', payload: '{{payload}}' }],
      },
      {
        type: 'carousel',
        cards: [{ card_index: 0, components: [{ type: 'body', parameters: [text('{{card}}')] }] }],
      },
    );
    const strict = ['header', 'name', 'title', 'price', 'day', 'path', 'card'];
    const free = ['link', 'amount', 'payload', 'nowhere'];
    expect(codes(whatsapp, message, strict)).toEqual(strict.map(() => 'parameter_format'));
    expect(codes(whatsapp, message, free)).toEqual(free.map(() => null));
    expect(codes(whatsapp, message, ['link', 'name'])).toEqual([null, 'parameter_format']);
  });

  test('a place that is also elsewhere keeps the stricter rule; free text has none', () => {
    const parameters = [{ type: 'payload', payload: '{{name}}' }, text('{{name}}')];
    expect(codes(whatsapp, template({ type: 'body', parameters }), ['name'])).toEqual(['parameter_format']);
    expect(codes(whatsapp, { type: 'text', text: { body: '{{name}}' } }, ['name'])).toEqual([null]);
  });

  test.each([{}, { template: null }, { template: { components: 'x' } }, template(null, 7, { parameters: [null, {}] })])(
    'a message of the wrong form has no rules: %j',
    (message) => {
      expect(codes(whatsapp, message, ['name'])).toEqual([null]);
    },
  );
});

describe('LINE', () => {
  const messages = [
    { type: 'text', text: '{{name}} {{code}}' },
    { type: 'textV2', text: 'Hi {{name}} {smile}', substitution: { smile: { type: 'emoji', emojiId: '{{emoji}}' } } },
  ];
  test('what goes into a textV2 must not hold braces: they would be taken for a substitution', () => {
    expect(codes(line, { messages }, ['code', 'name', 'emoji'])).toEqual([null, 'content', null]);
    const [rule] = line.valueRules({ messages }, ['name']);
    expect(['{', '}', 'a{b}c', '{{x}}'].map((value) => refuses(rule!, value))).toEqual([true, true, true, true]);
    expect(['', 'Amy', '(a) [b]', 'a\nb'].map((value) => refuses(rule!, value))).toEqual([false, false, false, false]);
  });
  test.each([{}, { messages: null }, { messages: [null, 'x', { type: 'textV2', text: 5 }] }])(
    'a message of the wrong form has no rules: %j',
    (message) => {
      expect(codes(line, message, ['name'])).toEqual([null]);
    },
  );
});

test('every pattern is made of brackets, counts and anchors only, which mean the same to Postgres', () => {
  const rules = [
    ...whatsapp.valueRules(template({ type: 'body', parameters: [text('{{a}}')] }), ['a']),
    ...line.valueRules({ messages: [{ type: 'textV2', text: '{{a}}' }] }, ['a']),
  ];
  for (const rule of rules) expect(rule!.pattern).toMatch(/^(?:\[(?:\\[nrt]|[{}])+\]| (?:\{\d+,\})?|\|)+$/);
});
