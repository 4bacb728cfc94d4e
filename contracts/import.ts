// The contact import as workflows, activities and the command line see it: input, result, progress. Ids and counts only.
import {
  absolutePath,
  checkedInput,
  digits,
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

export const IMPORT_STATES = [
  'inspecting',
  'staging',
  'resolving',
  'applying',
  'done',
  'cancelled',
  'failed',
  'undone',
  'rejected',
] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

export const IMPORT_OUTCOMES = [
  'create',
  'update',
  'unchanged',
  'duplicate',
  'ambiguous',
  'invalid',
  'suppressed',
] as const;
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number];
export type OutcomeCounts = Record<ImportOutcome, number>;

/** What becomes of a record with fewer fields than the header: invalid, or taken with its last cells blank. */
export const SHORT_ROWS = ['invalid', 'pad'] as const;
export type ShortRows = (typeof SHORT_ROWS)[number];

/** What parts the decimals of a number from the rest. */
export const DECIMAL_MARKS = ['point', 'comma'] as const;
export type DecimalMark = (typeof DECIMAL_MARKS)[number];

/** What may part the fields of a file, by itself or declared. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;

export const TAG_MODES = ['add', 'replace', 'remove'] as const;
export type TagMode = (typeof TAG_MODES)[number];

/** What a person types, or the command line sends, to start `importContacts`. Everything but file and channel has a default. */
export interface ImportInput {
  /** Absolute path of the file, readable by the workers. */
  file: string;
  channel: string;
  /** An id drawn beforehand, so that a workflow can be named after it; null draws one. Digits. */
  importId: string | null;
  /** Target to column header: `{"member_id": "會員編號", "tag:VIP": "貴賓"}`. Overrides what the header says. */
  map: Record<string, string>;
  matchBy: MatchKey | null;
  encoding: string | null;
  delimiter: string | null;
  /** One character, or `none` for a file in which quotes are plain text. */
  quote: string | null;
  dateFormat: string | null;
  /** What parts the decimals in columns of numbers; null: what each column proves, else a point. */
  decimalMark: DecimalMark | null;
  /** Spreadsheets drop empty cells at the end of a row: `pad` takes such lines, which are invalid otherwise. */
  shortRows: ShortRows;
  /** How tag columns act on the tags a contact has. */
  tags: TagMode;
  tagSeparator: string;
  dryRun: boolean;
  /** Import although the same content was imported before with the same options. */
  again: boolean;
  firstWins: boolean;
  clearEmpty: boolean;
  allowResubscribe: boolean;
  createAttributes: boolean;
  /** Share of invalid lines, 0 to 1, above which nothing is applied. */
  maxInvalid: number;
}

const DEFAULTS: Omit<ImportInput, 'file' | 'channel'> = {
  importId: null,
  map: {},
  matchBy: null,
  encoding: null,
  delimiter: null,
  quote: null,
  dateFormat: null,
  decimalMark: null,
  shortRows: 'invalid',
  tags: 'add',
  tagSeparator: ',',
  dryRun: false,
  again: false,
  firstWins: false,
  clearEmpty: false,
  allowResubscribe: false,
  createAttributes: false,
  maxInvalid: 0.1,
};

/** Counts of records that are not lines. lines + all of these = records read. */
export interface SkippedCounts {
  blank: number;
  preamble: number;
  header: number;
  footer: number;
}

/** One of the most frequent reasons of invalid lines. */
export interface ReasonCount {
  /** A stable word. */
  reason: string;
  lines: number;
  /** A line of the file that has it, the first. */
  line: number;
  /** A sentence that names the column and what it accepts. */
  text: string;
}

/** What an import ended with; the `--json` answer of `sluice contacts import`, a few hundred bytes whatever the input. */
export interface ImportResult {
  importId: string;
  state: ImportState;
  channel: string;
  dryRun: boolean;
  /** The same content was imported before with these options; this is that import's report. */
  recognised: boolean;
  lines: number;
  skipped: SkippedCounts;
  outcomes: OutcomeCounts;
  rejectsFile: string | null;
  diffFile: string | null;
  /** Why nothing or not everything was applied, in words; null when all went well. */
  message: string | null;
  /** The most frequent reasons of invalid lines, at most three. */
  reasons: ReasonCount[];
  /** What should be known of how the file is read, such as a consent that is left out. */
  warnings: string[];
}

/** How far an import is; read while it runs. */
export interface ImportProgress {
  state: ImportState;
  /** Lines through the present stage. */
  linesDone: number;
  /** Lines there will be; null until the file is staged, then exact. */
  linesTotal: number | null;
  bytesDone: number;
  bytesTotal: number;
  /** Lines by outcome, once they are judged. */
  outcomes: Record<string, number>;
  /** What should be known of how the file is read; absent in what an earlier version looked at. */
  warnings?: string[];
}

/** Names the import and the workflow run that may write to it: a taken-over run's activities are refused. */
export interface ImportRef {
  importId: string;
  attempt: number;
  /** Within the run: which step, and which try of it; see {@link stepNumber}. Left out, only the run is checked. */
  step?: number;
}

const STEPS = ['staging', 'resolving', 'applying'] as const;
export type ImportStep = (typeof STEPS)[number];

/** More tries of one step than this would count as the next step; at one try every five seconds that is eleven weeks. */
const MOST_TRIES = 1_000_000;

/** A number that rises from step to step and from try to try. `tryNumber` counts from 1. */
export function stepNumber(step: ImportStep, tryNumber: number): number {
  return (STEPS.indexOf(step) + 1) * MOST_TRIES + tryNumber;
}

export function emptyOutcomes(): OutcomeCounts {
  return { create: 0, update: 0, unchanged: 0, duplicate: 0, ambiguous: 0, invalid: 0, suppressed: 0 };
}

const RULES: Record<keyof ImportInput, InputRule> = {
  file: rule(absolutePath, 'be the absolute path of a file the workers can read'),
  channel: rule(text, 'be the id of a channel (sluice channels list)'),
  importId: rule(orNull(digits), 'be digits, or null'),
  map: rule(textMap, 'be an object of target to column header, such as {"member_id": "會員編號"}'),
  matchBy: rule(orNull(oneOf(MATCH_KEYS)), `be one of ${MATCH_KEYS.join(', ')}, or null`),
  encoding: rule(orNull(text), 'be an encoding name such as big5, or null'),
  delimiter: rule(orNull(oneOf(DELIMITERS)), 'be one of , ; TAB |, or null'),
  quote: rule(orNull(text), "be one character, 'none', or null"),
  dateFormat: rule(orNull(text), 'be a format such as dd/MM/yyyy, or null'),
  decimalMark: rule(orNull(oneOf(DECIMAL_MARKS)), `be one of ${DECIMAL_MARKS.join(', ')}, or null`),
  shortRows: rule(oneOf(SHORT_ROWS), `be one of ${SHORT_ROWS.join(', ')}`),
  tags: rule(oneOf(TAG_MODES), `be one of ${TAG_MODES.join(', ')}`),
  tagSeparator: rule(text, 'be the text between two tags'),
  dryRun: rule(yesOrNo, 'be true or false'),
  again: rule(yesOrNo, 'be true or false'),
  firstWins: rule(yesOrNo, 'be true or false'),
  clearEmpty: rule(yesOrNo, 'be true or false'),
  allowResubscribe: rule(yesOrNo, 'be true or false'),
  createAttributes: rule(yesOrNo, 'be true or false'),
  maxInvalid: rule(share, 'be a share between 0 and 1, such as 0.1 for 10 %'),
};

export const IMPORT_FORM: InputForm<ImportInput> = {
  code: 'import_input',
  taker: 'importContacts',
  name: 'The import input',
  hint: 'The least is {"file": "/data/contacts.csv", "channel": "line-tw"}.',
  defaults: DEFAULTS,
  rules: RULES,
};

/**
 * Checks what came from outside and fills the defaults. All problems are reported at once.
 * @throws PipelineError `import_input`
 */
export function parseImportInput(value: unknown): ImportInput {
  return checkedInput(value, IMPORT_FORM);
}
