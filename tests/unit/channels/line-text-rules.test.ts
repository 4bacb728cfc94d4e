// Emojis and substitutions in LINE texts: what a place would move or be mistaken for is refused before anything is sent.
import { describe, expect, test } from 'vitest';
import { line } from '../../../adapters/channels/line/line.ts';
import { compileMessage, placesOf } from '../../../contracts/message-template.ts';

const emoji = (index: unknown) => ({ index, productId: '5ac1bfd5040ab15980c9b435', emojiId: '001' });
const problems = (...messages: unknown[]) => line.validate({ messages });
const paths = (...messages: unknown[]) => problems(...messages).map(({ path }) => path);
const text = (value: string, ...indexes: unknown[]) => ({ type: 'text', text: value, emojis: indexes.map(emoji) });
const smile = { type: 'emoji', productId: 'p', emojiId: '1' };
const v2 = (value: string, ...keys: string[]) => ({
  ...{ type: 'textV2', text: value },
  ...(keys.length === 0 ? {} : { substitution: Object.fromEntries(keys.map((key) => [key, smile])) }),
});

describe('emojis of a text', () => {
  test.each<[string, unknown]>([
    ['none', text('Hi {{name}}')],
    ['before the first place', text('$ Hi $ {{name}} $', 0, 5)],
    ['after a character of two units', text('😀$ {{name}}', 2)],
    ['at the end, without places', text('Hi $', 3)],
    ['a text without places, filled', text('$ Hi {x}', 0)],
  ])('taken: %s', (_, message) => {
    expect(problems(message)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['after a place', text('Hi {{name}} $', 12)],
    ['where the place begins', text('{{name}}', 0)],
    ['inside a place', text('Hi {{na$me}}', 7)],
    ['where a value would put it', text('Hi {{n}} $', 6)],
  ])('refused, with what to do: %s', (_, message) => {
    expect(problems(message)).toEqual([
      {
        path: 'messages[0].emojis[0].index',
        problem: expect.stringMatching(/before the first place.*textV2/),
      },
    ]);
  });
  test('those before the place stay, the one behind it is named', () => {
    expect(paths({ type: 'sticker' }, text('$ {{name}} $', 0, 11))).toEqual(['messages[1].emojis[1].index']);
  });

  test.each<[string, unknown, unknown]>([
    ['outside the text', text('Hi $', 4), 4],
    ['negative', text('$', -1), -1],
    ['no whole number', text('$', 0.5), 0.5],
    ['a text', text('$', '0'), '0'],
    ['missing', { type: 'text', text: '$', emojis: [{}] }, undefined],
    ['at another character', text('Hi $', 2), 2],
    ['counted in characters instead of units', text('😀$', 1), 1],
  ])('refused: an index that is %s', (_, message) => {
    expect(paths(message)).toEqual(['messages[0].emojis[0].index']);
  });
  test('refused: emojis that are no list, or no objects', () => {
    expect(paths({ type: 'text', text: '$', emojis: {} })).toEqual(['messages[0].emojis']);
    expect(paths({ type: 'text', text: '$', emojis: [null] })).toEqual(['messages[0].emojis[0]']);
  });
});

describe('substitutions of a textV2', () => {
  test.each<[string, unknown]>([
    ['a key', v2('Hi {you}!', 'you')],
    ['a key twice, and places', v2('{{ name }} {smile}{smile} {{name}}', 'smile')],
    ['no substitution, no brace', v2('Hi {{name}}')],
    ['a key beside a place without a gap', v2('{a}{{name}}{b}', 'a', 'b')],
  ])('taken: %s', (_, message) => {
    expect(problems(message)).toEqual([]);
  });

  test.each<[string, unknown, string, RegExp]>([
    ['a key that is nowhere', v2('Hi', 'you'), 'messages[0].substitution.you', /\{you\}/],
    ['a key that is only a place', v2('{{you}}', 'you'), 'messages[0].substitution.you', /\{you\}/],
    ['an unknown key', v2('Hi {you}'), 'messages[0].text', /\{you\}.*substitution/],
    ['an unknown key beside a known', v2('{a} {b}', 'a'), 'messages[0].text', /\{b\}/],
    ['a brace alone', v2('a { b'), 'messages[0].text', /brace/],
    ['a closing brace alone', v2('a } b {x}', 'x'), 'messages[0].text', /brace/],
    ['empty braces', v2('{}'), 'messages[0].text', /brace/],
    ['a place in braces', v2('{{{name}}}'), 'messages[0].text', /brace/],
    ['a substitution that is a list', { ...v2('x'), substitution: [] }, 'messages[0].substitution', /object/],
  ])('refused: %s', (_, message, path, problem) => {
    expect(problems(message)).toEqual([{ path, problem: expect.stringMatching(problem) }]);
  });
});

describe('filled for a recipient', () => {
  const judge = (message: unknown, ...values: string[]) => {
    const whole = { messages: [message] };
    const names = placesOf(whole);
    return line.validate(JSON.parse(compileMessage(whole, names)(values)) as Record<string, unknown>);
  };
  test('what was taken with places is taken with values', () => {
    expect(judge(text('$ Hi {{name}}', 0), 'A$ {x}')).toEqual([]);
    expect(judge(v2('{{name}} {smile}', 'smile'), '王 小明 $')).toEqual([]);
  });
  test('a value with braces is refused in a textV2, and only there', () => {
    expect(judge(v2('{{name}} {smile}', 'smile'), 'a{b')).toHaveLength(1);
    expect(judge({ type: 'text', text: '{{name}}' }, 'a{b')).toEqual([]);
  });
});
