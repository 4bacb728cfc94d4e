// The import of tag events as workflows, activities and the command line see it: input, outcomes, result. Ids and counts only.
import { MATCH_KEYS, type MatchKey } from './contact-fields.ts';
import type { ImportState, SkippedCounts } from './import.ts';
import { PipelineError } from './pipeline-error.ts';
import { tagSource } from './tag-event.ts';

/**
 * What becomes of a line. `added`: a new event of the log. `known`: the log has it already. `unmatched`: no contact has the
 * identifier. `ambiguous`: several have it. `invalid`: with a reason.
 */
export const TAG_OUTCOMES = ['added', 'known', 'unmatched', 'ambiguous', 'invalid'] as const;
export type TagOutcome = (typeof TAG_OUTCOMES)[number];
export type TagOutcomeCounts = Record<TagOutcome, number>;

export function emptyTagOutcomes(): TagOutcomeCounts {
  return { added: 0, known: 0, unmatched: 0, ambiguous: 0, invalid: 0 };
}

/** What a column of the file can be mapped to, beside the identifiers. `contact`: the identifier, of the kind `matchBy`. */
export const TAG_TARGETS = ['contact', ...MATCH_KEYS, 'tag', 'time', 'source', 'message_id', 'kind'] as const;
export type TagTarget = (typeof TAG_TARGETS)[number];

/** What a person types, or the command line sends, to start `importTags`. Everything but file and channel has a default. */
export interface TagImportInput {
  /** Absolute path of a CSV, TSV, JSON Lines or Parquet file, readable by the workers. */
  file: string;
  channel: string;
  /** An id drawn beforehand, so that a workflow can be named after it; null draws one. Digits. */
  importId: string | null;
  /** Target to column: `{"member_id": "會員編號", "time": "貼標時間"}`. Overrides what the header says. */
  map: Record<string, string>;
  matchBy: MatchKey | null;
  encoding: string | null;
  delimiter: string | null;
  /** One character, or `none` for a file in which quotes are plain text. */
  quote: string | null;
  dateFormat: string | null;
  /** IANA zone of times without an offset; null: the channel's. */
  timeZone: string | null;
  /** Source of rows that name none. */
  source: string;
  dryRun: boolean;
  /** Import although the same content was imported before with the same options. */
  again: boolean;
  /** Share of invalid lines, 0 to 1, above which nothing is applied. */
  maxInvalid: number;
}

const DEFAULTS: Omit<TagImportInput, 'file' | 'channel'> = {
  importId: null,
  map: {},
  matchBy: null,
  encoding: null,
  delimiter: null,
  quote: null,
  dateFormat: null,
  timeZone: null,
  source: 'import',
  dryRun: false,
  again: false,
  maxInvalid: 0.1,
};

/** What an import of tags ended with; the `--json` answer of `sluice tags import`. */
export interface TagImportResult {
  importId: string;
  state: ImportState;
  channel: string;
  dryRun: boolean;
  /** The same content was imported before with these options; this is that import's report. */
  recognised: boolean;
  lines: number;
  skipped: SkippedCounts;
  outcomes: TagOutcomeCounts;
  rejectsFile: string | null;
  /** Why nothing or not everything was applied, in words; null when all went well. */
  message: string | null;
}

type Rule = { is: (value: unknown) => boolean; must: string };
const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;
const isBoolean = (value: unknown) => typeof value === 'boolean';
const orNull = (is: (value: unknown) => boolean) => (value: unknown) => value === null || is(value);
const oneOf = (values: readonly string[]) => (value: unknown) => values.includes(value as string);

const RULES: Record<keyof TagImportInput, Rule> = {
  file: { is: (v) => isText(v) && v.startsWith('/'), must: 'be the absolute path of a file the workers can read' },
  channel: { is: isText, must: 'be the id of a channel (sluice channels list)' },
  importId: { is: orNull((v) => isText(v) && /^[0-9]{1,18}$/.test(v)), must: 'be digits, or null' },
  map: {
    is: (v) => typeof v === 'object' && v !== null && !Array.isArray(v) && Object.values(v).every(isText),
    must: 'be an object of target to column, such as {"member_id": "會員編號"}',
  },
  matchBy: { is: orNull(oneOf(MATCH_KEYS)), must: `be one of ${MATCH_KEYS.join(', ')}, or null` },
  encoding: { is: orNull(isText), must: 'be an encoding name such as big5, or null' },
  delimiter: { is: orNull(oneOf([',', ';', '\t', '|'])), must: 'be one of , ; TAB |, or null' },
  quote: { is: orNull(isText), must: "be one character, 'none', or null" },
  dateFormat: { is: orNull(isText), must: 'be a format such as dd/MM/yyyy HH:mm, or null' },
  timeZone: { is: orNull(isText), must: 'be a time zone such as Asia/Taipei, or null' },
  source: {
    is: (v) => isText(v) && tagSource(v) === v,
    must: 'be a source such as broadcast or import: small letters, digits, _ . - only',
  },
  dryRun: { is: isBoolean, must: 'be true or false' },
  again: { is: isBoolean, must: 'be true or false' },
  maxInvalid: {
    is: (v) => typeof v === 'number' && v >= 0 && v <= 1,
    must: 'be a share between 0 and 1, such as 0.1 for 10 %',
  },
};

/**
 * Checks what came from outside and fills the defaults. All problems are reported at once.
 * @throws PipelineError `tag_import_input`
 */
export function parseTagImportInput(value: unknown): TagImportInput {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PipelineError('tag_import_input', 'importTags takes one JSON object.', {
      hint: 'The least is {"file": "/data/tags.csv", "channel": "line-tw"}.',
    });
  const given: Record<string, unknown> = { ...DEFAULTS, ...value };
  const problems = Object.keys(given)
    .filter((key) => !Object.hasOwn(RULES, key))
    .map((key) => `"${key}" is not a field of importTags`);
  for (const [key, rule] of Object.entries(RULES))
    if (!rule.is(given[key])) problems.push(`"${key}" must ${rule.must}`);
  if (problems.length > 0)
    throw new PipelineError('tag_import_input', `The input is wrong: ${problems.join('; ')}.`, {
      hint: `The fields are ${Object.keys(RULES).join(', ')}.`,
    });
  return given as unknown as TagImportInput;
}

/** Input of `expireTags`. */
export interface ExpireInput {
  /** Tags taken off in one transaction. */
  batch: number;
}

/** What `expireTags` ended with. */
export interface ExpireResult {
  /** Tags that ran out and were taken off. */
  expired: number;
  /** ISO instant: what was due up to it was looked at. */
  upTo: string;
}

/** @throws PipelineError `expire_input` */
export function parseExpireInput(value: unknown): ExpireInput {
  const given = { batch: 5_000, ...(value as object | undefined) } as Record<string, unknown>;
  const { batch, ...rest } = given;
  const known = value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value));
  if (
    known &&
    Object.keys(rest).length === 0 &&
    typeof batch === 'number' &&
    Number.isInteger(batch) &&
    batch >= 1 &&
    batch <= 20_000
  )
    return { batch };
  throw new PipelineError('expire_input', 'expireTags takes one JSON object with at most "batch", from 1 to 20000.', {
    hint: 'The least is {}; for example {"batch": 5000}.',
  });
}
