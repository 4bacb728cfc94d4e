// Reads what providers answer, whatever it is: nothing here throws, and every text is short and can be stored.
import { isObject, type JsonObject } from './message-check.ts';

/** Longer texts are cut. Lower loses the end of real ids (some 100 characters); higher only stores what nobody reads. */
const LONGEST = 200;
// Control characters (Postgres takes no NUL), and halves of surrogate pairs, as cutting leaves them.
const UNSTORABLE = /[\p{Cc}\p{Cs}]/gu;

/** The object that a body holds, or null: anything else says no more than the status. */
export function objectIn(body: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The items of a list that are objects; none when it is no list. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** The text, or '' when there is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? storable(value) : '';
}

/** An id, also one that is written as a number; null when there is none. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return textOf(value) || null;
}

export function storable(text: string): string {
  return text.slice(0, LONGEST).replace(UNSTORABLE, '');
}
