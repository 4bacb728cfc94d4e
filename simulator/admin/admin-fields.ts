// Reads the bodies of admin calls strictly: a misspelt field is an error, not a test that tests nothing.
import { PROVIDERS, type ProviderName } from '../exchange.ts';
import { isObject, type JsonObject } from '../json-values.ts';
import { senderName } from '../sender-names.ts';

/** What is wrong with an admin call, for its caller. */
export class AdminError extends Error {}

/** The object, if it has no other fields than these. */
export function fields(value: unknown, ...allowed: string[]): JsonObject {
  if (!isObject(value)) throw new AdminError('The body must be a JSON object.');
  const strange = Object.keys(value).filter((name) => !allowed.includes(name));
  if (strange.length > 0) throw new AdminError(`Unknown: ${strange.join(', ')}. Known: ${allowed.join(', ')}.`);
  return value;
}

export function textField(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AdminError(`${name} must be a text.`);
}

/** Null when it is not given. */
export function optionalText(body: JsonObject, name: string): string | null {
  return body[name] === undefined ? null : textField(body, name);
}

export function numberField(body: JsonObject, name: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = body[name];
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new AdminError(`${name} must be a number from ${min} to ${max}.`);
}

export function wholeField(body: JsonObject, name: string, min: number): number {
  const value = numberField(body, name, min);
  if (Number.isInteger(value)) return value;
  throw new AdminError(`${name} must be a whole number.`);
}

export function flagField(body: JsonObject, name: string): boolean {
  const value = body[name];
  if (typeof value === 'boolean') return value;
  throw new AdminError(`${name} must be true or false.`);
}

export function choiceField<T extends string | number>(body: JsonObject, name: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === body[name]);
  if (found !== undefined) return found;
  throw new AdminError(`${name} must be one of ${choices.join(', ')}.`);
}

export function textsField(body: JsonObject, name: string): string[] {
  const value: unknown = body[name];
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value;
  throw new AdminError(`${name} must be a list of texts.`);
}

export const providerField = (body: JsonObject): ProviderName => choiceField(body, 'provider', PROVIDERS);

/** The sender as the books name it, or null for all. */
export function senderField(body: JsonObject): string | null {
  const given = optionalText(body, 'sender');
  return given === null ? null : senderName(given);
}
