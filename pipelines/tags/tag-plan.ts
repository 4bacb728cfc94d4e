// What a file of tag events is read by. Fixed when the file is inspected, stored with the import; plain data that crosses
// thread borders.
import type { MatchKey } from '../../contracts/contact-fields.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import type { RecordRules } from '../source/marks.ts';
import type { EventPart } from './tag-words.ts';

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
/** Where the parts of an event stand, but for whose it is; null: nowhere. */
export const partPlaces = (plan: TagPlan): [part: EventPart, place: Place | null][] => [
  ['tag', plan.tag],
  ['time', plan.time],
  ['source', plan.source],
  ['message_id', plan.messageId],
  ['kind', plan.kind],
];

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
