// The shapes between reading a file and COPY: what a normaliser is told, and what it gives for each line.
// Plain data that crosses thread borders by structured clone.
import type { AttributeType, ColumnTarget, MatchKey } from '../../contracts/contact-fields.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import type { DecimalMark } from '../../contracts/import.ts';
import type { LeftKind } from '../staging/left-values.ts';
import type { RecordRules } from '../source/marks.ts';

/** How the dates or numbers of one column are written, where it is not as in the rest of the file. */
export interface ColumnForm {
  /** null: none, though the file has one. */
  dateFormat?: string | null;
  decimalMark?: DecimalMark;
}

/** Attributes that a cell can name. */
export interface NamedAttributes {
  /** The names that are read, and their types. */
  definitions: { name: string; type: AttributeType }[];
  /** Names that have a column of their own, which goes first. */
  own: string[];
}

/** Everything needed to turn the bytes of a spool into staged rows; fixed when the file is inspected, stored with the import. */
export interface NormalisePlan extends RecordRules {
  channelKind: ChannelKind;
  /** ISO 3166-1 alpha-2; how a phone without a country code is read. */
  defaultCountry: string;
  /** IANA zone; how a date or time without an offset is read. */
  timeZone: string;
  /** One target per column of the file, in file order. Its length is the number of fields a record must have. */
  columns: ColumnTarget[];
  /** The member IDs went through a floating-point column, all of them: their `.0` says nothing. */
  floatedIds?: boolean;
  /** Which identifier must be present and valid on each line. */
  matchBy: MatchKey;
  /** What separates tags in a `tags` column. */
  tagSeparator: string;
  /** A declared date format (see date-format.ts), or null where values show it themselves (ISO, year first). */
  dateFormat: string | null;
  /** By index of the column; see column-forms.ts. Absent where no column has a form of its own. */
  columnForms?: Record<number, ColumnForm>;
  /** Empty cells clear the stored value instead of changing nothing. */
  clearEmpty: boolean;
  /** How the cells of a column `attributes` are read; absent where there is none. */
  namedAttributes?: NamedAttributes;
}

/**
 * One line, normalised. `reason` is set when the line is invalid, and then everything but place and reason is null.
 * A null value means "the file says nothing"; an empty string means "clear it" (only with `clearEmpty`).
 * Times are ISO 8601 with offset Z. In `attributes` null means "clear this attribute".
 */
export interface StagedRow {
  line: number;
  byteStart: number;
  byteLength: number;
  reason: string | null;
  socialId: string | null;
  displayName: string | null;
  avatarUrl: string | null;
  timeZone: string | null;
  memberId: string | null;
  email: string | null;
  emailKey: string | null;
  phone: string | null;
  phoneRaw: string | null;
  subscribed: boolean | null;
  subscribedSince: string | null;
  lastInteractionAt: string | null;
  attributes: Record<string, string | number | boolean | null> | null;
  tags: string[] | null;
  /** Kinds of values of which a cell of the line held more than was taken. Absent on nearly all lines. */
  left?: LeftKind[];
}

/** What became of one block: its rows, and where the next one begins. */
export interface NormalisedBlock {
  rows: StagedRow[];
  /** Records without any non-blank field. Counted as skipped, never staged. */
  blank: number;
  nextByte: number;
  nextLine: number;
}
