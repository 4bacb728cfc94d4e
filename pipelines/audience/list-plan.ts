// What a recipient list is read by: its key, its columns, the places of the message they fill. Fixed when the list is
// registered, stored with the broadcast; plain data that crosses thread borders.
import type { MatchKey } from '../../contracts/contact-fields.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import type { RecordRules } from '../source/marks.ts';

/** What a matched contact can give to a message by itself, as `{{contact.display_name}}`. */
export const CONTACT_PLACES = ['display_name', 'member_id', 'email', 'phone'] as const;
export type ContactPlace = (typeof CONTACT_PLACES)[number];

/** Where the value of a place comes from. */
export type PlaceSource = { column: number } | { contact: ContactPlace };

/** Everything needed to turn the bytes of a list into staged lines. */
export interface ListPlan extends RecordRules {
  channelKind: ChannelKind;
  /** ISO 3166-1 alpha-2; how a phone without a country code is read. */
  defaultCountry: string;
  /** Number of fields a record must have. */
  columns: number;
  matchBy: MatchKey;
  phoneMatch: 'e164' | 'literal';
  keyColumn: number;
  /** One for each place of the message, in the order of `broadcasts.parameter_names`. */
  sources: PlaceSource[];
}

/** A list as it is stored with its broadcast. */
export interface ListProfile {
  encoding: string;
  headers: string[];
  /** See `ColumnNames`; left out by versions of before. */
  headerParts?: string[][];
  plan: ListPlan;
  dataByte: number;
  dataLine: number;
  /** See `TableShape`; left out by versions of before. */
  dataEnd?: number | null;
}

/** What a line says. With a reason it is invalid, and key and parameters are null. */
export interface ListLine {
  reason: string | null;
  key: string | null;
  /** Null: the message is the same for all. A null element: the cell is blank, or the contact gives the value. */
  parameters: (string | null)[] | null;
}
