// What a column of a file was taken for, and what that is decided by: shapes.
import type { AttributeType, ColumnTarget } from '../../contracts/contact-fields.ts';
import type { ChannelKind } from '../../contracts/channel-kinds.ts';
import type { PipelineError } from '../../contracts/pipeline-error.ts';

export interface AttributeDefinition {
  name: string;
  type: AttributeType;
}

export interface MappingOptions {
  channelKind: ChannelKind;
  /** See `ColumnNames`. */
  headerParts?: string[][];
  /**
   * Target to header. Targets: a contact field (`phone`), `tags`, `tag:NAME` (a yes-or-no column), `attribute:NAME`,
   * `attribute:NAME:TYPE`, `ignored` or `ignore:ANY` (that header is not imported). Headers compare without case,
   * width, spaces and marks; `#3` is the third column.
   */
  map: Record<string, string>;
  definitions: AttributeDefinition[];
  createAttributes: boolean;
  /** The type a new attribute gets from the values of that column. */
  guessType: (column: number) => AttributeType;
  /** Given: columns that clash mean nothing, and what is wrong is put here, instead of thrown. */
  clashes?: PipelineError[];
}

/**
 * `map`: the user said so; `word`, `likely word`: the header is a known word; `form`: there is no header, and the values show it;
 * `attribute`: one of that name is defined; `new attribute`: it will be; `misfit`: its cells are none of that attribute's type; `place`: it fills a place of a message; `not needed`: a known word, of no use in such a file; `binding`: known, and stored by a later version; `clash`: several columns mean the same; `unknown`: nothing says what it is.
 */
export type ColumnReason =
  | 'map'
  | 'word'
  | 'likely word'
  | 'form'
  | 'attribute'
  | 'new attribute'
  | 'misfit'
  | 'place'
  | 'not needed'
  | 'binding'
  | 'clash'
  | 'unknown';

export interface MappedColumn {
  header: string;
  target: ColumnTarget;
  /** 1: said by the user or a sure word; lower: likely. 0: not imported. */
  confidence: number;
  /** What the meaning was taken from. */
  why: ColumnReason;
}

export interface Mapping {
  columns: MappedColumn[];
  newAttributes: AttributeDefinition[];
}

export interface ColumnReading {
  header: string;
  /** What it was read as; null: not at all. */
  field: string | null;
  /** 1: said by the user or a sure word; lower: likely. 0: not read. */
  confidence: number;
  why: ColumnReason;
}
