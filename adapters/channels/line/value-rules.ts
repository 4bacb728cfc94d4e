// What values LINE would misread in a message, so that a plan can say whom they belong to. Pure.
import { placesOf } from '../../../contracts/message-template.ts';
import type { MessageJson, ValueRule } from '../../../ports/provider.ts';
import { isObject } from '../message-check.ts';

/**
 * In a `textV2` LINE takes `{key}` for a substitution, and refuses a key that it was not given. How a brace is written that
 * is meant as one is in no document we found; and values are filled in before anybody knows where they stand.
 */
const NO_BRACES: ValueRule = { pattern: '[{}]', code: 'content' };

export function lineValueRules(message: MessageJson, names: readonly string[]): (ValueRule | null)[] {
  const { messages } = message;
  const texts = (Array.isArray(messages) ? (messages as unknown[]) : []).flatMap((one) =>
    isObject(one) && one['type'] === 'textV2' ? [one['text']] : [],
  );
  const substituted = new Set(placesOf(texts));
  return names.map((name) => (substituted.has(name) ? NO_BRACES : null));
}
