// The import of tag events as workflows, activities and the command line see it: input, outcomes, result. Ids and counts only.
import {
  absolutePath,
  checkedInput,
  digits,
  formed,
  isObject,
  oneOf,
  orNull,
  rule,
  share,
  text,
  textMap,
  yesOrNo,
  type InputForm,
  type InputRule,
} from './checked-input.ts';
import { MATCH_KEYS, type MatchKey } from './contact-fields.ts';
import {
  DELIMITERS,
  SHORT_ROWS,
  type ImportState,
  type ReasonCount,
  type ShortRows,
  type SkippedCounts,
} from './import.ts';
import { PipelineError } from './pipeline-error.ts';
import { SOURCE } from './tag-event.ts';

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
  /** As for contacts. */
  shortRows: ShortRows;
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
  shortRows: 'invalid',
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
  /** The most frequent reasons of invalid lines, at most three. */
  reasons: ReasonCount[];
}

const RULES: Record<keyof TagImportInput, InputRule> = {
  file: rule(absolutePath, 'be the absolute path of a file the workers can read'),
  channel: rule(text, 'be the id of a channel (sluice channels list)'),
  importId: rule(orNull(digits), 'be digits, or null'),
  map: rule(textMap, 'be an object of target to column, such as {"member_id": "會員編號"}'),
  matchBy: rule(orNull(oneOf(MATCH_KEYS)), `be one of ${MATCH_KEYS.join(', ')}, or null`),
  encoding: rule(orNull(text), 'be an encoding name such as big5, or null'),
  delimiter: rule(orNull(oneOf(DELIMITERS)), 'be one of , ; TAB |, or null'),
  shortRows: rule(oneOf(SHORT_ROWS), `be one of ${SHORT_ROWS.join(', ')}`),
  quote: rule(orNull(text), "be one character, 'none', or null"),
  dateFormat: rule(orNull(text), 'be a format such as dd/MM/yyyy HH:mm, or null'),
  timeZone: rule(orNull(text), 'be a time zone such as Asia/Taipei, or null'),
  source: rule(formed(SOURCE), 'be a source such as broadcast or import: small letters, digits, _ . - only'),
  dryRun: rule(yesOrNo, 'be true or false'),
  again: rule(yesOrNo, 'be true or false'),
  maxInvalid: rule(share, 'be a share between 0 and 1, such as 0.1 for 10 %'),
};

export const TAG_IMPORT_FORM: InputForm<TagImportInput> = {
  code: 'tag_import_input',
  taker: 'importTags',
  name: 'The input',
  hint: 'The least is {"file": "/data/tags.csv", "channel": "line-tw"}.',
  defaults: DEFAULTS,
  rules: RULES,
};

/**
 * Checks what came from outside and fills the defaults. All problems are reported at once.
 * @throws PipelineError `tag_import_input`
 */
export function parseTagImportInput(value: unknown): TagImportInput {
  return checkedInput(value, TAG_IMPORT_FORM);
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
  const known = value === undefined || isObject(value);
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
