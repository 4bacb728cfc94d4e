// Why a line is invalid: the stable words that scripts match on, and the sentence a person reads for each.
// Every reason that normalising can give stands here; a test holds both together.
import { CONTACT_FIELDS, type ColumnTarget, type MatchKey } from '../../contracts/contact-fields.ts';
import { nameOf } from './header-key.ts';
import { mapOption } from './map-option.ts';

const SENTENCES = {
  column_count:
    'The line has more or fewer fields than the header. Where only empty cells at its end are missing, --short-rows pad takes it.',
  character_unreadable:
    'A character could not be read in the encoding of the file; it stands as \uFFFD. Say the right one with --encoding, or export the file as UTF-8.',
  lines_swallowed: 'A cell holds whole lines of the file: a quote too many swallowed them.',
  bare_return:
    'A cell holds a carriage return without a line feed, which ends no line of this file: most likely it swallowed a line. Put a line break there, or quotes around the cell.',
  social_id_missing: 'The line has no social ID.',
  social_id_invalid:
    'The social ID does not have the form of this channel (LINE: U and 32 of 0-9 a-f; Messenger: digits; WhatsApp: a phone).',
  social_id_not_a_user:
    'The id names a LINE group or room (it begins with C or R), not a person (U and 32 of 0-9 a-f).',
  social_id_scientific_notation:
    'A spreadsheet abbreviated the social ID (as in 8.86913E+11); its digits are lost: export it as text.',
  member_id_missing: 'The line has no member ID.',
  contact_not_found:
    'No contact has this key, and without an address of the channel (LINE user id, PSID or phone) none can be made. To match by another column: --match-by.',
  contact_deleted: 'The contact was deleted while the import ran.',
  member_id_scientific_notation:
    'A spreadsheet abbreviated the member ID (as in 1.0004E+4); its digits are lost: export it as text.',
  member_id_floating: 'The member ID ends with .0, and others of the column do not: it may be another one.',
  member_id_placeholder: 'The member ID is a placeholder such as N/A or NULL.',
  member_id_too_long: 'The member ID is longer than 255 characters.',
  email_missing: 'The line has no e-mail address.',
  email_invalid: 'The e-mail address is not one address of the form name@example.com.',
  email_too_long: 'The e-mail address is longer than any that can be delivered to.',
  email_placeholder: 'The e-mail address belongs to a domain that stands for “none”.',
  phone_missing: 'The line has no phone number.',
  phone_invalid:
    'The phone number is valid neither in the default country of the channel (in Taiwan 0912345678) nor as an international number (+886912345678).',
  phone_country_unclear:
    'The number could be a mobile number of mainland China without its country code: write it with +86, or import with --country CN.',
  phone_scientific_notation:
    'A spreadsheet abbreviated the phone number (as in 8.86913E+11); its digits are lost: export it as text.',
  phone_not_mobile: 'The phone number is valid but not a mobile number (in Taiwan 09…), so WhatsApp cannot reach it.',
  phone_too_long: 'The phone cell is longer than 200 characters.',
  display_name_too_long: 'The display name is longer than 255 characters.',
  avatar_url_invalid: 'The picture address is not an http or https URL of at most 2,048 characters.',
  time_zone_invalid: 'The time zone is not an IANA name such as Asia/Taipei.',
  subscribed_invalid:
    'The subscription is neither yes nor no (yes, no, true, false, 1, 0, 是, 否, subscribed, unsubscribed, 已訂閱, 未訂閱 …).',
  subscribed_since_invalid:
    'The subscription time is not a date or time (2024-03-05, 2024/3/5 14:30, 2024年3月5日, or as --date-format says).',
  subscribed_since_format_undeclared:
    'The subscription time can be read in two ways (05/06/2024): say --date-format dd/MM/yyyy or MM/dd/yyyy.',
  last_interaction_at_invalid:
    'The time of the last interaction is not a date or time (2024-03-05, 2024/3/5 14:30, 2024年3月5日, or as --date-format says).',
  last_interaction_at_format_undeclared:
    'The time of the last interaction can be read in two ways (05/06/2024): say --date-format dd/MM/yyyy or MM/dd/yyyy.',
  tags_too_long: 'A tag is longer than 2,000 bytes (about 660 Chinese characters).',
  tags_too_many: 'The line has more than 10,000 tags.',
  tag_invalid: 'A tag column says neither yes nor no (yes, no, true, false, 1, 0, 是, 否 …).',
  parameter_too_long: 'A value for the message is longer than 10,000 characters.',
  attributes_invalid:
    'The cell is neither a JSON object of plain values ({"level": "gold"}) nor pairs (level=gold; points=3).',
  attribute_text_too_long: 'A text attribute is longer than 10,000 characters.',
  attribute_number_invalid:
    'A number attribute is not a number (1234, 1,234.5, NT$1,200, or 5.064,75 where the column or --decimal-mark comma says so), or has more digits than can be kept.',
  attribute_boolean_invalid: 'A yes-or-no attribute is neither yes nor no (yes, no, true, false, 1, 0, 是, 否 …).',
  attribute_date_invalid:
    'A date attribute is not a date or time (2024-03-05, 2024/3/5 14:30, 2024年3月5日, or as the column or --date-format says).',
  attribute_date_format_undeclared:
    'A date attribute can be read in two ways (05/06/2024): say --date-format dd/MM/yyyy or MM/dd/yyyy.',
} as const;

/** A reason that makes a line invalid, `<field>_<what>`. */
export type InvalidReason = keyof typeof SENTENCES;

/** All reasons, in the order of the columns they concern. */
export const INVALID_REASONS = Object.keys(SENTENCES) as InvalidReason[];

/** A stored reason: the word, and the number of the column (1-based) where several columns could have it. */
export function splitReason(stored: string): { reason: string; column: number | null } {
  const [reason = '', column] = stored.split('#');
  return { reason, column: column === undefined ? null : Number(column) };
}

/** What a sentence needs of a file to name the column. */
export interface ReasonPlace {
  headers: string[];
  columns: ColumnTarget[];
  /** What the lines are matched by; left out: reasons of the key name no column. */
  matchBy?: MatchKey;
}

/** The sentence for a reason, and its column where it has one; an unknown reason (of a newer version) is given back as it is. */
export function describeReason(stored: string, place?: ReasonPlace): string {
  const { reason, column } = splitReason(stored);
  const sentence = Object.hasOwn(SENTENCES, reason) ? SENTENCES[reason as InvalidReason] : reason;
  const index = place === undefined ? -1 : column === null ? columnOfReason(reason, place) : column - 1;
  const header = place?.headers[index]?.trim();
  if (place === undefined || header === undefined || header === '') return sentence;
  return `Column “${header}”: ${sentence}${isAttribute(place.columns[index]) ? leaveOut(place, index) : ''}`;
}

const isAttribute = (target: ColumnTarget | undefined): boolean =>
  target?.kind === 'attribute' || target?.kind === 'attributes';

/** An attribute may have been defined by another file, for another thing. */
const leaveOut = (place: ReasonPlace, index: number): string =>
  ` Where the column means something else, ${mapOption('ignored', nameOf(place.headers, index))} leaves it out.`;

/** Fields with a longer name before those whose name theirs begins with. */
const FIELDS = [...CONTACT_FIELDS].sort((a, b) => b.length - a.length);

function columnOfReason(reason: string, { columns, matchBy }: ReasonPlace): number {
  if (reason === 'contact_not_found') {
    const key = (name: string) => columns.findIndex((target) => target.kind === 'field' && target.field === name);
    // On WhatsApp the phone stands in for the social ID.
    return matchBy === undefined ? -1 : key(matchBy) === -1 && matchBy === 'social_id' ? key('phone') : key(matchBy);
  }
  const field = FIELDS.find((name) => reason.startsWith(`${name}_`));
  const kind = reason.startsWith('attributes_')
    ? 'attributes'
    : reason.startsWith('attribute_')
      ? 'attribute'
      : reason === 'tag_invalid'
        ? 'tag'
        : reason.startsWith('tags_')
          ? 'tags'
          : null;
  return columns.findIndex((target) => (target.kind === 'field' ? target.field === field : target.kind === kind));
}

/**
 * The sentence for a reason that depends on the line as it stood in the file: which lines a cell swallowed. Others: `describeReason`.
 * `line` is where it begins, `original` its text.
 */
export function describeReasonOf(reason: string, line: number, original: string, place?: ReasonPlace): string {
  if (reason !== 'lines_swallowed') return describeReason(reason, place);
  const last = line + (original.match(/\r\n|\n|\r/g)?.length ?? 0);
  return `A cell of lines ${line} to ${last} holds whole lines of the file: a quote too many swallowed them. Take it out.`;
}
