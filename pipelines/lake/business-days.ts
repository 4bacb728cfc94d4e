// Business days and the instants at which they begin, for statements that must not decide themselves where a midnight lies.
import type { Queryable } from '../../ports/database.ts';
import { startOfDay } from '../values/time-zone.ts';
import { lakeSql } from './lake-sql.ts';
import type { LakeVersion } from './manifest.ts';
import { dayAfter, type DayRows, type Unit } from './units.ts';

/** Days on both sides of the log's first and last month (UTC) that its events can lie in, and one more. */
const MARGIN_DAYS = 2;
/** A month and a day: from the first of any month this leads behind its end. */
const MONTH_DAYS = 32;

/** The span of a unit as instants, ISO: from ≤ occurred_at < to. */
export function spanOf({ from, to }: Unit, timeZone: string): { from: string; to: string } {
  const at = (day: string) => new Date(startOfDay(day, timeZone)).toISOString();
  return { from: at(from), to: at(to) };
}

/**
 * Days with events recorded up to a watermark (µs), with their number; given a version, only those that changed since. Days lie by
 * `startOfDay` of the zone.
 */
export async function daysOfLog(
  db: Queryable,
  timeZone: string,
  watermark: bigint,
  since: LakeVersion | null,
): Promise<DayRows[]> {
  const months = (await db.query<{ first: string | null; last: string | null }>(lakeSql.log_months)).rows[0];
  if (!months?.first || !months.last) return [];
  const days: string[] = [];
  const end = dayAfter(months.last, MONTH_DAYS + MARGIN_DAYS);
  for (let day = dayAfter(months.first, -MARGIN_DAYS); day <= end; day = dayAfter(day)) days.push(day);
  const values = [String(watermark), days.map((day) => new Date(startOfDay(day, timeZone)).toISOString())];
  const { rows } = since
    ? await db.query<{ place: number; rows: string }>(lakeSql.dirty_days, [...values, String(since.watermark)])
    : await db.query<{ place: number; rows: string }>(lakeSql.all_days, values);
  return rows.map((row) => ({ day: days[row.place - 1]!, rows: Number(row.rows) }));
}
