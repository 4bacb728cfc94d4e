// LINE's rules for what is put into a text by position or by name: emojis of a text, substitutions of a textV2.
import { isObject, PLACE, type JsonObject, type MessageCheck } from '../message-check.ts';

/** Stands for a place while braces are looked at: it is no brace, and no part of a key. */
const FILLED = '\uFFFC';
const SUBSTITUTED = /\{([^{}\uFFFC]+)\}/g;

/**
 * LINE finds each emoji by the UTF-16 index of its `$` in the text that arrives. Behind a place that is another index for
 * each recipient, and the file can name only one.
 */
export function checkEmojis(message: JsonObject, at: string, check: MessageCheck): void {
  const { text, emojis } = message;
  if (emojis === undefined) return;
  const firstPlace = typeof text === 'string' ? text.search(PLACE) : -1;
  check.list(emojis, `${at}.emojis`, 0, Number.POSITIVE_INFINITY).forEach((value, number) => {
    const emoji = check.object(value, `${at}.emojis[${number}]`);
    if (!emoji) return;
    const path = `${at}.emojis[${number}].index`;
    const { index } = emoji;
    if (typeof index !== 'number' || !Number.isInteger(index)) check.add(path, 'must be a whole number');
    else if (firstPlace >= 0 && index >= firstPlace)
      check.add(
        path,
        'what fills a place moves it: put the emoji before the first place, or use textV2 and substitution',
      );
    else if (typeof text === 'string' && text[index] !== '$')
      check.add(path, `must be where a $ stands in the text, counted in UTF-16 units from 0`);
  });
}

/** Every `{key}` must be known and every known key be there; a brace that is neither would be misread or refused. */
export function checkSubstitution(message: JsonObject, at: string, check: MessageCheck): void {
  const { text, substitution } = message;
  if (substitution !== undefined && !isObject(substitution))
    return check.add(`${at}.substitution`, 'must be an object');
  const known = new Set(Object.keys(substitution ?? {}));
  const filled = (typeof text === 'string' ? text : '').replace(PLACE, FILLED);
  const used = new Set(Array.from(filled.matchAll(SUBSTITUTED), ([, key]) => key!));
  for (const key of used)
    if (!known.has(key))
      check.add(`${at}.text`, `{${key}} is no key of substitution: add it there, or take the braces out`);
  if (/[{}]/.test(filled.replace(SUBSTITUTED, '')))
    check.add(`${at}.text`, 'a brace belongs to no place and to no key of substitution: take it out');
  for (const key of known)
    if (!used.has(key)) check.add(`${at}.substitution.${key}`, `write {${key}} in the text, or take the key out`);
}
