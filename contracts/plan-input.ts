// What a person types, or the command line sends, to plan a broadcast: one JSON object, checked once, here.
import type { PlanOptions } from './broadcast.ts';
import {
  absolutePath,
  checkedInput,
  formed,
  isObject,
  object,
  oneOf,
  orNull,
  rule,
  text,
  textMap,
  wholeFrom,
  type InputForm,
  type InputRule,
} from './checked-input.ts';
import { MATCH_KEYS, type MatchKey } from './contact-fields.ts';
import { DELIMITERS, SHORT_ROWS, type ShortRows } from './import.ts';

/** Everything but channel, csv and message has a default. */
export interface PlanInput {
  channel: string;
  /** Absolute path of the recipient list, readable by the workers. */
  csv: string;
  /** The provider's own JSON without the recipient: LINE `{"messages": […]}`, WhatsApp the request body. */
  message: Record<string, unknown>;
  /** The identifier in the list; null: known from its header. */
  matchBy: MatchKey | null;
  /** The key's column, where its header does not say so; and columns under other names for places. */
  map: Record<string, string>;
  encoding: string | null;
  delimiter: string | null;
  quote: string | null;
  /** A record with fewer fields than the header is invalid, or taken with its last cells blank. */
  shortRows: ShortRows;
  ambiguous: PlanOptions['ambiguous'];
  phoneMatch: PlanOptions['phoneMatch'];
  /** Default country of phones; null: the channel's. */
  country: string | null;
  onUncertain: PlanOptions['onUncertain'];
  settleSeconds: number;
  maxAttempts: number;
  onUnclearRefusal: NonNullable<PlanOptions['onUnclearRefusal']>;
}

const DEFAULTS: Omit<PlanInput, 'channel' | 'csv' | 'message'> = {
  matchBy: null,
  map: {},
  encoding: null,
  delimiter: null,
  quote: null,
  shortRows: 'invalid',
  ambiguous: 'latest',
  phoneMatch: 'e164',
  country: null,
  onUncertain: 'hold',
  settleSeconds: 900,
  maxAttempts: 5,
  onUnclearRefusal: 'retry',
};

/** A message is part of the workflow's input, and so of its history. Providers take far less. */
const MESSAGE_BYTES = 48 * 1024;

const RULES: Record<keyof PlanInput, InputRule> = {
  channel: rule(text, 'be the id of a channel (sluice channels list)'),
  csv: rule(absolutePath, 'be the absolute path of a file the workers can read'),
  message: rule(
    { is: (v) => isObject(v) && JSON.stringify(v).length <= MESSAGE_BYTES, schema: object.schema },
    `be the provider's message as a JSON object of at most ${MESSAGE_BYTES} bytes`,
  ),
  matchBy: rule(orNull(oneOf(MATCH_KEYS)), `be one of ${MATCH_KEYS.join(', ')}, or null`),
  map: rule(textMap, 'be an object of name to column header, such as {"member_id": "會員編號"}'),
  encoding: rule(orNull(text), 'be an encoding name such as big5, or null'),
  delimiter: rule(orNull(oneOf(DELIMITERS)), 'be one of , ; TAB |, or null'),
  shortRows: rule(oneOf(SHORT_ROWS), `be one of ${SHORT_ROWS.join(', ')}`),
  quote: rule(orNull(text), "be one character, 'none', or null"),
  ambiguous: rule(oneOf(['latest', 'all', 'reject']), 'be latest, all or reject'),
  phoneMatch: rule(oneOf(['e164', 'literal']), 'be e164 or literal'),
  country: rule(orNull(formed(/^[A-Z]{2}$/)), 'be two capital letters such as TW, or null'),
  onUncertain: rule(oneOf(['hold', 'resend']), 'be hold or resend'),
  settleSeconds: rule(wholeFrom(0, 7 * 86_400), 'be whole seconds, up to seven days'),
  maxAttempts: rule(wholeFrom(1, 100), 'be a whole number from 1 to 100'),
  onUnclearRefusal: rule(oneOf(['retry', 'hold']), 'be retry or hold'),
};

export const PLAN_FORM: InputForm<PlanInput> = {
  code: 'plan_input',
  taker: 'a plan',
  name: 'The plan',
  hint: 'The least is {"channel": "line-tw", "csv": "/data/list.csv", "message": {"messages": […]}}.',
  defaults: DEFAULTS,
  rules: RULES,
};

/**
 * Checks what came from outside and fills the defaults. All problems are reported at once.
 * @throws PipelineError `plan_input`
 */
export function parsePlanInput(value: unknown): PlanInput {
  return checkedInput(value, PLAN_FORM);
}
