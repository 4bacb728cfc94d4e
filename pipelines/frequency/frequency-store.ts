// Published results as the database knows them.
import type { Queryable } from '../../ports/database.ts';
import type { FrequencyWindowResult, ResolvedWindow } from '../../contracts/tag-frequency.ts';
import type { ErasedSpan } from '../lake/erased.ts';
import { frequencySql } from './frequency-sql.ts';
import { isoOfUs } from './windows.ts';

/** In place of a channel's id: all channels. No channel can be called so. */
export const ALL_CHANNELS = '*';

export interface Triple {
  channel: string | null;
  asOfMs: number;
  knownAtUs: string;
}

export interface Published extends FrequencyWindowResult {
  lakeVersion: string;
  /** Somebody it counts may have been erased since. */
  behind: boolean;
}

type Row = {
  id: string;
  name: string;
  from_us: string;
  to_us: string;
  lake_version: string;
  rows: string;
  checksum: string;
  times: string;
  folder: string;
  erased_since: string;
  behind: boolean;
};

export const asOfUs = ({ asOfMs }: { asOfMs: number }): string => String(BigInt(asOfMs) * 1000n);

/** What is published of these windows for a triple, in no order; at most one a window. */
export async function publishedOf(
  db: Queryable,
  triple: Triple,
  windows: readonly ResolvedWindow[],
): Promise<Published[]> {
  const { rows } = await db.query<Row>(frequencySql.published, [
    triple.channel ?? ALL_CHANNELS,
    windows.map(({ name }) => name),
    asOfUs(triple),
    triple.knownAtUs,
  ]);
  return rows.map(publishedRow);
}

function publishedRow(row: Row): Published {
  // Ends of windows are whole milliseconds.
  const millis = (us: string) => new Date(Number(BigInt(us) / 1000n)).toISOString();
  return {
    frequencyId: row.id,
    window: row.name,
    from: millis(row.from_us),
    to: millis(row.to_us),
    lakeVersion: row.lake_version,
    rows: Number(row.rows),
    times: Number(row.times),
    checksum: row.checksum,
    folder: row.folder,
    erasedSince: Number(row.erased_since),
    behind: row.behind,
  };
}

/** As runs answer it. */
export function windowResult({ lakeVersion: _, behind: _behind, ...window }: Published): FrequencyWindowResult {
  return window;
}

/** Erasures of people who had events in a window. */
export interface ErasedIn {
  /** After the known-at, up to the last one looked at: the answer cannot be what it once was. */
  since: number;
  /** In the span looked at. */
  newer: number;
  /** Of these, those of whom it is no longer known whom they concern. */
  unknown: number;
}

export async function erasedIn(
  db: Queryable,
  triple: Triple,
  window: ResolvedWindow,
  { after, through }: ErasedSpan,
): Promise<ErasedIn> {
  const us = (ms: number) => String(BigInt(ms) * 1000n);
  const { rows } = await db.query<ErasedIn & Record<string, unknown>>(frequencySql.erased_between, [
    triple.channel ?? ALL_CHANNELS,
    us(window.fromMs),
    us(window.toMs),
    triple.knownAtUs,
    through,
    after,
  ]);
  return rows[0]!;
}

/** Rows of the result before an as-of, and that result's as-of. */
export async function rowsBefore(
  db: Queryable,
  triple: Triple,
  window: ResolvedWindow,
): Promise<{ rows: number; asOf: string } | null> {
  const values = [triple.channel ?? ALL_CHANNELS, window.name, asOfUs(triple)];
  const { rows } = await db.query<{ rows: string; as_of_us: string }>(frequencySql.published_before, values);
  return rows[0] ? { rows: Number(rows[0].rows), asOf: isoOfUs(BigInt(rows[0].as_of_us)) } : null;
}
