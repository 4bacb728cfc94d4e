// What a file of tag events is read by. Fixed when the file is inspected, stored with the import; plain data that crosses
// thread borders.
import type { ChannelKind, MatchKey } from '../contracts/contact-fields.ts';
import type { RecordRules } from '../import/marks.ts';
import type { InvalidReason } from '../import/reasons.ts';

/** Where a value stands: the index of a CSV column, or the key of a JSON object. */
export type Place = number | string;

/** Everything needed to turn the bytes of a spool into staged events. */
export interface TagPlan extends RecordRules {
  /** `json`: one JSON object a line; also what a Parquet file was turned into. */
  format: 'csv' | 'json';
  channelKind: ChannelKind;
  /** ISO 3166-1 alpha-2; how a phone without a country code is read. */
  defaultCountry: string;
  /** IANA zone of times without an offset. */
  timeZone: string;
  /** A declared or found date format, or null where values show it themselves. */
  dateFormat: string | null;
  /** Number of fields a CSV record must have; 0 for JSON. */
  columns: number;
  matchBy: MatchKey;
  key: Place;
  tag: Place;
  time: Place;
  source: Place | null;
  messageId: Place | null;
  kind: Place | null;
  /** Source of lines that name none. */
  defaultSource: string;
  /** ISO instant; a later time is invalid. */
  latest: string;
}

/** A file of tag events as it is stored with its import. */
export interface TagProfile {
  encoding: string;
  delimiter: string;
  quote: string;
  headers: string[];
  /** See `ColumnNames`; left out by versions of before. */
  headerParts?: string[][];
  plan: TagPlan;
  dataByte: number;
  dataLine: number;
  /** See `TableShape`; left out by versions of before. */
  dataEnd?: number | null;
}

/** One line, read. With a reason it is invalid, and everything else is null. */
export interface TagLine {
  reason: TagReason | null;
  key: string | null;
  kind: string | null;
  tag: string | null;
  /** ISO 8601 with Z. */
  occurredAt: string | null;
  source: string | null;
  messageId: string | null;
}

const SENTENCES = {
  json_invalid: 'The line is not a JSON object.',
  value_not_plain: 'A value that is needed is a list or an object.',
  tag_missing: 'The line has no tag.',
  tag_too_long: 'The tag is longer than 2,000 bytes (about 660 Chinese characters).',
  time_missing: 'The line has no time.',
  time_invalid: 'The time is not a date or time.',
  time_format_undeclared: 'The time can be read in two ways; declare it with --date-format.',
  time_too_early: 'The time is before 1970.',
  time_in_future: 'The time is more than an hour after the start of the import.',
  kind_invalid: 'The kind is neither applied nor removed.',
  source_invalid: 'The source is not a word of at most 63 small letters, digits, _ . or -.',
  message_id_invalid: 'The message ID is longer than 255 characters, or a spreadsheet abbreviated it.',
} as const;

/** A reason that only lines of tag events have; the identifier and the number of columns give those of contacts. */
type OwnReason = keyof typeof SENTENCES;
export type TagReason = OwnReason | InvalidReason;

/** All reasons of this kind of file. */
export const TAG_REASONS = Object.keys(SENTENCES) as OwnReason[];

/** The sentence for a reason of tag events, or null when it is one of contacts. */
export function describeTagReason(reason: string): string | null {
  return Object.hasOwn(SENTENCES, reason) ? SENTENCES[reason as OwnReason] : null;
}
