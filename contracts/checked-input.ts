// How workflow input from outside is checked: one rule a field, all problems at once. Pure.
import { PipelineError } from './pipeline-error.ts';

export interface InputRule {
  is: (value: unknown) => boolean;
  /** What must be so, to stand after the field's name: `be true or false`. */
  must: string;
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isTextMap = (value: unknown): boolean => isObject(value) && Object.values(value).every(isText);
export const isDigits = (value: unknown): boolean => isText(value) && /^[0-9]{1,18}$/.test(value);
export const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
export const orNull = (is: (value: unknown) => boolean) => (value: unknown) => value === null || is(value);
export const oneOf = (values: readonly unknown[]) => (value: unknown) => values.includes(value);

export interface InputForm<Input> {
  /** The error's code. */
  code: string;
  /** Who takes it, as in "… is not a field of importTags", or "of a plan". */
  taker: string;
  /** What the wrong input is called, as in "The import input is wrong". */
  name: string;
  /** What to write instead of something that is no object. */
  hint: string;
  defaults: Partial<Input>;
  rules: Record<keyof Input, InputRule>;
}

/** The input with its defaults. All problems are reported at once. @throws PipelineError with the form's code */
export function checkedInput<Input>(value: unknown, form: InputForm<Input>): Input {
  const { code, taker, name, hint, defaults } = form;
  const rules: Record<string, InputRule> = form.rules;
  if (!isObject(value)) throw new PipelineError(code, `${taker.replace(/^a /, 'A ')} takes one JSON object.`, { hint });
  const given: Record<string, unknown> = { ...defaults, ...value };
  const problems = Object.keys(given)
    .filter((key) => !Object.hasOwn(rules, key))
    .map((key) => `"${key}" is not a field of ${taker}`);
  for (const [key, rule] of Object.entries(rules))
    if (!rule.is(given[key])) problems.push(`"${key}" must ${rule.must}`);
  if (problems.length > 0)
    throw new PipelineError(code, `${name} is wrong: ${problems.join('; ')}.`, {
      hint: `The fields are ${Object.keys(rules).join(', ')}.`,
    });
  return given as Input;
}
