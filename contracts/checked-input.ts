// How workflow input from outside is checked: one rule a field, all problems at once; and its schema for others. Pure.
import { PipelineError } from './pipeline-error.ts';

/** A plain JSON schema (draft 2020-12), for OpenAPI and forms. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a value may be: to the program, and to whoever reads a schema. Both accept the same JSON, but for what a schema cannot say. */
export interface Check {
  is: (value: unknown) => boolean;
  schema: JsonSchema;
}

export interface InputRule extends Check {
  /** What must be so, to stand after the field's name: `be true or false`. */
  must: string;
}

export const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const text: Check = { is: isText, schema: { type: 'string', minLength: 1 } };
export const yesOrNo: Check = { is: (value) => typeof value === 'boolean', schema: { type: 'boolean' } };
export const object: Check = { is: isObject, schema: { type: 'object' } };
export const textMap: Check = {
  is: (value) => isObject(value) && Object.values(value).every(isText),
  schema: { type: 'object', additionalProperties: text.schema },
};

/** Text of a form that a regular expression without flags says whole. */
export const formed = (form: RegExp): Check => ({
  is: (value) => isText(value) && form.test(value),
  schema: { type: 'string', minLength: 1, pattern: form.source },
});

export const digits = formed(/^[0-9]{1,18}$/);
export const isDigits = digits.is;
export const absolutePath = formed(/^\//);

export const numberFrom = (low: number, high: number): Check => ({
  is: (value) => typeof value === 'number' && value >= low && value <= high,
  schema: { type: 'number', minimum: low, maximum: high },
});
export const wholeFrom = (low: number, high: number): Check => ({
  is: (value) => Number.isInteger(value) && (value as number) >= low && (value as number) <= high,
  schema: { type: 'integer', minimum: low, maximum: high },
});
export const share = numberFrom(0, 1);

export const oneOf = (values: readonly string[]): Check => ({
  is: (value) => (values as readonly unknown[]).includes(value),
  schema: { type: 'string', enum: values },
});
export const orNull = ({ is, schema }: Check): Check => ({
  is: (value) => value === null || is(value),
  schema: { anyOf: [schema, { type: 'null' }] },
});

export const rule = (check: Check, must: string): InputRule => ({ ...check, must });

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

/** The schema of the input as people give it: what has a default may be left out. */
export function inputSchema<Input>({ defaults, rules }: Pick<InputForm<Input>, 'defaults' | 'rules'>): JsonSchema {
  const all = Object.entries<InputRule>(rules);
  const known: Record<string, unknown> = defaults;
  const properties = all.map(([name, { schema, must }]) => {
    const standard = Object.hasOwn(known, name) ? { default: known[name] } : {};
    return [name, { description: `Must ${must}.`, ...schema, ...standard }];
  });
  return {
    type: 'object',
    additionalProperties: false,
    required: all.map(([name]) => name).filter((name) => !Object.hasOwn(known, name)),
    properties: Object.fromEntries(properties) as JsonSchema,
  };
}
