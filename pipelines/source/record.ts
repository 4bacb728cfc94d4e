// Records of a spool, and runs of them: plain data that crosses thread borders by structured clone.

/** A run of whole records of the spool: it starts at a record's first byte and ends after a record's last. */
export interface RecordBlock {
  bytes: Uint8Array;
  /** Offset of the first byte in the spool. */
  byteStart: number;
  /** Physical line number (1-based, in the original) of the first byte. */
  firstLine: number;
}

/** One record as it was read, with its place. */
export interface SourceRecord {
  line: number;
  byteStart: number;
  /** Bytes of the record without its line break. */
  byteLength: number;
  fields: string[];
  /** A cell of it holds whole records up to this line: a quote too many swallowed them. */
  swallowedUntil?: number;
  /** A `\r` stands by itself outside its quotes, which end no record here: it may be two. */
  bareReturn?: true;
}
