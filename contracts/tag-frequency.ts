// Tag frequency as workflows, activities and the command line see it: input, windows, results. Ids, counts and names only.
import {
  checkedInput,
  isText,
  numberFrom,
  oneOf,
  orNull,
  rule,
  share,
  text,
  wholeFrom,
  yesOrNo,
  type InputForm,
  type InputRule,
} from './checked-input.ts';

export const FREQUENCY_FORMATS = ['parquet', 'arrow', 'csv', 'json'] as const;
export type FrequencyFormat = (typeof FREQUENCY_FORMATS)[number];

/** What a person types, or a schedule sends, to run `tagFrequency`. Every field has a default. */
export interface FrequencyInput {
  /**
   * Names: `7d` (the last 7 · 24 h), `day`, `week`, `month` (the last whole one in the business time zone), `day-to-date`,
   * `week-to-date`, `month-to-date`, and `2024-01-01..2024-02-01` (from, up to but without; days or ISO instants).
   */
  windows: string[];
  /** ISO instant at which rolling and calendar windows end; null: the schedule's nominal time, else now. */
  asOf: string | null;
  /** ISO instant; what became known later does not count. null: now. `nominal`: the as-of. */
  knownAt: string | null;
  /** Id of a channel; null: all channels. */
  channel: string | null;
  /** Written beside the Parquet result, which there always is. */
  formats: FrequencyFormat[];
  /** Parts computed side by side; null: chosen by the number of events. Never changes the result. */
  fanOut: number | null;
  /** Refuse to publish when the newest event counted is older than this many hours before the as-of; null: any age. */
  maxAgeHours: number | null;
  /** Refuse to publish when a window has this share fewer rows (0 to 1) than the last published; null: any fall. */
  maxFall: number | null;
  /** Write the HTML report. */
  report: boolean;
}

export const FREQUENCY_DEFAULTS: FrequencyInput = {
  windows: ['7d', '30d', '90d'],
  asOf: null,
  knownAt: null,
  channel: null,
  formats: ['parquet'],
  fanOut: null,
  maxAgeHours: null,
  maxFall: null,
  report: true,
};

/** A window with its ends: from ≤ occurred_at < to, epoch milliseconds. */
export interface ResolvedWindow {
  name: string;
  fromMs: number;
  toMs: number;
}

/** One published window. `checksum` is a decimal number below 2^64. */
export interface FrequencyWindowResult {
  frequencyId: string;
  window: string;
  from: string;
  to: string;
  rows: number;
  times: number;
  checksum: string;
  /** Under the data folder's `frequency`. */
  folder: string;
  /** People erased after the known-at who had events in the window. */
  erasedSince: number;
}

/** What a run ended with; the answer of the workflow, some hundred bytes a window. */
export interface FrequencyResult {
  asOf: string;
  /** ISO, microseconds: what was recorded later did not count. */
  knownAt: string;
  channel: string | null;
  lakeVersion: string;
  windows: FrequencyWindowResult[];
  /** Path of the HTML report, or null. */
  report: string | null;
  /** All windows had been published before for this as-of and known-at. */
  recognised: boolean;
}

/** What a refresh of the lake did. */
export interface LakeRefresh {
  version: string;
  /** Epoch microseconds, as text: all that was recorded up to it is in. */
  watermarkUs: string;
  files: number;
  rows: number;
  daysChanged: number;
  filesWritten: number;
  rowsWritten: number;
  bytesWritten: number;
}

/** What a look at the lake found; `version` null: there is none yet. */
export interface LakeCheck {
  version: string | null;
  files: number;
  rows: number;
  problems: string[];
}

/** What a run has fixed before it counts. */
export interface FrequencyPlan {
  asOfMs: number;
  /** Epoch microseconds, as text. null: the watermark of the refresh that comes next. */
  knownAtUs: string | null;
  windows: ResolvedWindow[];
  /** Everything that was asked for had been published before. */
  recognised: FrequencyResult | null;
}

/** One part of a run's contacts, by contact id modulo `parts`, a power of two. */
export interface PartRequest {
  /** Name of the run's folder of work. */
  work: string;
  lakeVersion: string;
  knownAtUs: string;
  channel: string | null;
  windows: ResolvedWindow[];
  part: number;
  parts: number;
}

/** What counting a part gave, a window each in the order of the request. */
export interface PartCount {
  windows: {
    /** Name of the Parquet file under the folder of results. */
    file: string;
    rows: number;
    times: number;
    /** Newest event counted, epoch microseconds; null: none. */
    newestUs: string | null;
    /** Rows without an address. */
    nulls: number;
    /** Decimal, below 2^64; those of parts add up modulo 2^64. */
    checksum: string;
  }[];
}

/** All parts of a run, ready to be published. */
export interface PublishRequest {
  work: string;
  input: FrequencyInput;
  asOfMs: number;
  knownAtUs: string;
  lakeVersion: string;
  windows: ResolvedWindow[];
  parts: PartCount[];
}

/** A published run to be reported on. */
export interface ReportRequest {
  asOfMs: number;
  knownAtUs: string;
  channel: string | null;
  lakeVersion: string;
  windows: ResolvedWindow[];
  result: FrequencyResult;
}

/** Events that one part counts at most, unless told otherwise. Too low: parts read the same files; too high: one worker works. */
const EVENTS_A_PART = 50_000_000;

/** Into how many parts contacts are divided: a power of two, so that parts pair up with the buckets of files. */
export function partsFor(events: number, fanOut: number | null): number {
  const wanted = Math.min(MOST_PARTS, fanOut ?? Math.ceil(events / EVENTS_A_PART));
  let parts = 1;
  while (parts < wanted) parts *= 2;
  return parts;
}

const WINDOW = /^(?:([1-9]\d{0,3})d|(day|week|month)(-to-date)?|(\S+)\.\.(\S+))$/;

export type WindowRule =
  | { kind: 'rolling'; days: number }
  | { kind: 'calendar'; unit: 'day' | 'week' | 'month'; toDate: boolean }
  | { kind: 'span'; from: string; to: string };

/** What a window's name means, or null when it means nothing. */
export function parseWindow(name: string): WindowRule | null {
  const found = WINDOW.exec(name);
  if (!found) return null;
  const [, days, unit, toDate, from, to] = found;
  if (days !== undefined) return Number(days) <= 3_660 ? { kind: 'rolling', days: Number(days) } : null;
  if (unit !== undefined)
    return { kind: 'calendar', unit: unit as 'day' | 'week' | 'month', toDate: toDate !== undefined };
  return isDayOrInstant(from!) && isDayOrInstant(to!) ? { kind: 'span', from: from!, to: to! } : null;
}

const DAY = /^\d{4}-\d\d-\d\d$/;
/** Ends of windows have milliseconds: what is finer would be cut off in silence. */
const MILLIS = /\.\d{4,}/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)$/;

function isDayOrInstant(text: string): boolean {
  return (DAY.test(text) && isRealDay(text)) || (isInstant(text) && !MILLIS.test(text));
}

function isRealDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}

/** Whether the text is an ISO instant with a zone: `2024-03-05T00:00:00+08:00`. */
export function isInstant(text: string): boolean {
  return INSTANT.test(text) && Number.isFinite(Date.parse(text)) && isRealDay(text.slice(0, 10));
}

/** More windows in one pass cost memory for each contact and tag, and nobody reads that many. */
const MOST_WINDOWS = 16;
/** More parts than this are smaller than what it costs to start them. */
export const MOST_PARTS = 64;

const format = oneOf(FREQUENCY_FORMATS);

const RULES: Record<keyof FrequencyInput, InputRule> = {
  windows: rule(
    {
      is: (v) =>
        Array.isArray(v) &&
        v.length > 0 &&
        v.length <= MOST_WINDOWS &&
        new Set(v).size === v.length &&
        v.every((name) => isText(name) && parseWindow(name) !== null),
      // That a span's days are days of the calendar is more than a schema can say.
      schema: {
        type: 'array',
        items: { type: 'string', pattern: WINDOW.source },
        minItems: 1,
        maxItems: MOST_WINDOWS,
        uniqueItems: true,
      },
    },
    `be up to ${MOST_WINDOWS} different names such as 7d, day, week-to-date, month or 2024-01-01..2024-02-01`,
  ),
  asOf: rule(
    orNull({
      is: (v) => isText(v) && isInstant(v) && !MILLIS.test(v),
      schema: { type: 'string', pattern: INSTANT.source, not: { pattern: MILLIS.source } },
    }),
    'be an instant with a zone and at most milliseconds, such as 2024-03-05T00:00:00+08:00, or null',
  ),
  knownAt: rule(
    orNull({
      is: (v) => v === 'nominal' || (isText(v) && isInstant(v)),
      schema: { anyOf: [{ const: 'nominal' }, { type: 'string', pattern: INSTANT.source }] },
    }),
    "be an instant with a zone, 'nominal', or null",
  ),
  channel: rule(orNull(text), 'be the id of a channel, or null for all'),
  formats: rule(
    {
      is: (v) => Array.isArray(v) && v.every(format.is),
      schema: { type: 'array', items: format.schema },
    },
    `be a list of ${FREQUENCY_FORMATS.join(', ')}`,
  ),
  fanOut: rule(orNull(wholeFrom(1, MOST_PARTS)), `be a whole number from 1 to ${MOST_PARTS}, or null`),
  maxAgeHours: rule(orNull(numberFrom(0, 1e6)), 'be a number of hours, or null'),
  maxFall: rule(orNull(share), 'be a share between 0 and 1, or null'),
  report: rule(yesOrNo, 'be true or false'),
};

export const FREQUENCY_FORM: InputForm<FrequencyInput> = {
  code: 'frequency_input',
  taker: 'tagFrequency',
  name: 'The input of tagFrequency',
  hint: 'The least is {}; for example {"windows": ["7d", "30d"]}.',
  defaults: FREQUENCY_DEFAULTS,
  rules: RULES,
};

/**
 * Checks what came from outside and fills the defaults. All problems are reported at once.
 * @throws PipelineError `frequency_input`
 */
export function parseFrequencyInput(value: unknown = {}): FrequencyInput {
  return checkedInput(value, FREQUENCY_FORM);
}
