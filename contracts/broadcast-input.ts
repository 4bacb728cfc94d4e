// What a person types, or the command line sends, to start a broadcast: one JSON object, checked once, here.
import { RETRY_SCOPES, type BroadcastRef, type BroadcastState, type FateCounts, type RetryScope } from './broadcast.ts';
import { digits, formed, inputSchema, oneOf, orNull, yesOrNo, type JsonSchema } from './checked-input.ts';
import { PipelineError } from './pipeline-error.ts';
import { parsePlanInput, PLAN_FORM, type PlanInput } from './plan-input.ts';

/** Exactly one of `plan`, `retry` and `list` says what is to be sent. */
export interface BroadcastInput {
  /** A plan: its digest, or its broadcast's id, as `sluice broadcast plan` prints them. */
  plan: string | null;
  /** A broadcast that was started before, and what of it is to be tried again. */
  retry: { broadcastId: string; scope: RetryScope } | null;
  /** A recipient list that is planned first. */
  list: PlanInput | null;
  /** Send although the same plan was sent before. */
  again: boolean;
  /** Hours after which a plan is not started any more: its recipients are those of another day. */
  maxPlanAgeHours: number;
  /** Wait for the update `approve` before anything is sent. Left out: yes for a list, no for a plan. */
  waitForApproval: boolean;
  /** Where an earlier run of the same broadcast stopped, since its history was long. Left out by people. */
  carry: Carry | null;
  /** Events after which a run hands over to the next; null: as usual. Only tests make it small. */
  events: number | null;
}

/** A broadcast in the hands of a run. */
export interface Started extends BroadcastRef {
  channel: string;
  recipients: number;
  settleSeconds: number;
  /** Another run that has it already; nothing is to be done here. */
  runningIn: string | null;
}

/** What one run hands to the next. */
export interface Carry {
  started: Started;
  stage: 'prepare' | 'deliver' | 'settle';
  /** Of a retry. */
  scope: RetryScope | null;
}

/** What a broadcast's workflow ends with; a few hundred bytes whatever the number of recipients. */
export interface BroadcastResult {
  broadcastId: string | null;
  channel: string;
  state: BroadcastState;
  attempt: number;
  recipients: number;
  fates: FateCounts;
  /** Another workflow that runs this broadcast; then nothing was done here. */
  runningIn: string | null;
  error: string | null;
}

const FIELDS = ['plan', 'retry', 'list', 'again', 'maxPlanAgeHours', 'waitForApproval'];
/** Written by the workflow itself. */
const OWN_FIELDS = [...FIELDS, 'carry', 'events'];

/** Days of seven; a plan that old has nothing to do with today's contacts. */
const MOST_HOURS = 24 * 30;

const planName = formed(/^([0-9a-f]{64}|[0-9]{1,18})$/);
const scope = oneOf(RETRY_SCOPES);

/** The schema of the input as people give it; what the workflow writes by itself is left out. */
export const BROADCAST_SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    plan: { description: 'The digest of a plan, or the id of its broadcast.', ...orNull(planName).schema },
    retry: orNull({
      is: isRetry,
      schema: {
        type: 'object',
        additionalProperties: false,
        required: ['broadcastId', 'scope'],
        properties: { broadcastId: digits.schema, scope: scope.schema },
      },
    }).schema,
    list: { anyOf: [inputSchema(PLAN_FORM), { type: 'null' }] },
    again: { ...yesOrNo.schema, default: false },
    maxPlanAgeHours: { type: 'number', exclusiveMinimum: 0, maximum: MOST_HOURS, default: 24 },
    waitForApproval: orNull(yesOrNo).schema,
  },
  oneOf: ['plan', 'retry', 'list'].map((name) => ({
    required: [name],
    properties: { [name]: { not: { type: 'null' } } },
  })),
};

/**
 * Checks what came from outside and fills the defaults. All problems are reported at once.
 * @throws PipelineError `broadcast_input`, `plan_input`
 */
export function parseBroadcastInput(value: unknown): BroadcastInput {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PipelineError('broadcast_input', 'A broadcast takes one JSON object.', {
      hint: 'The least is {"plan": "<digest>"}; sluice broadcast plan prints the digest.',
    });
  const given = value as Record<string, unknown>;
  const problems = Object.keys(given)
    .filter((key) => !OWN_FIELDS.includes(key))
    .map((key) => `"${key}" is not a field of a broadcast`);
  const { plan = null, retry = null, list = null, again = false, maxPlanAgeHours = 24 } = given;
  const waitForApproval = given['waitForApproval'] ?? list !== null;
  if ([plan, retry, list].filter((part) => part !== null).length !== 1)
    problems.push('exactly one of "plan", "retry" and "list" must say what is to be sent');
  if (plan !== null && !planName.is(plan))
    problems.push('"plan" must be the digest of a plan, 64 hex digits, or the id of its broadcast');
  if (retry !== null && !isRetry(retry))
    problems.push(`"retry" must be {"broadcastId": "…", "scope": one of ${RETRY_SCOPES.join(', ')}}`);
  if (!yesOrNo.is(again)) problems.push('"again" must be true or false');
  if (!yesOrNo.is(waitForApproval)) problems.push('"waitForApproval" must be true or false');
  if (!(typeof maxPlanAgeHours === 'number' && maxPlanAgeHours > 0 && maxPlanAgeHours <= MOST_HOURS))
    problems.push(`"maxPlanAgeHours" must be a number of hours up to ${MOST_HOURS}`);
  if (problems.length > 0)
    throw new PipelineError('broadcast_input', `The broadcast's input is wrong: ${problems.join('; ')}.`, {
      hint: `The fields are ${FIELDS.join(', ')}.`,
    });
  return {
    plan: plan as string | null,
    retry: retry as BroadcastInput['retry'],
    list: list === null ? null : parsePlanInput(list),
    again: again as boolean,
    maxPlanAgeHours: maxPlanAgeHours as number,
    waitForApproval: waitForApproval as boolean,
    carry: (given['carry'] ?? null) as Carry | null,
    events: (given['events'] ?? null) as number | null,
  };
}

function isRetry(value: unknown): boolean {
  const { broadcastId, scope: wanted, ...rest } = value as Record<string, unknown>;
  return digits.is(broadcastId) && scope.is(wanted) && Object.keys(rest).length === 0;
}
