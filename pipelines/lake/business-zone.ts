// The business time zone of a database: days of the lake and of windows lie in it, so all processes must mean the same one.
import type { Queryable } from '../../ports/database.ts';
import { canonicalTimeZone } from '../values/time-zone.ts';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { lakeSql } from './lake-sql.ts';

/**
 * Compares a process's zone with the database's; the first that ever asks decides what that is. Again: changes nothing.
 * @throws PipelineError `business_time_zone_differs`: such a process would count days that others do not mean
 */
export async function requireBusinessZone(db: Queryable, timeZone: string): Promise<void> {
  await db.query(lakeSql.first_business_zone, [timeZone]);
  const { rows } = await db.query<{ value: string }>(lakeSql.business_zone);
  const stored = rows[0]!.value;
  // Two names may be one zone: Asia/Calcutta, Asia/Kolkata.
  if (stored === timeZone || canonicalTimeZone(stored) === canonicalTimeZone(timeZone)) return;
  throw new PipelineError(
    'business_time_zone_differs',
    `This process is set to the business time zone ${timeZone}; the days of this database lie in ${stored}.`,
    {
      // Another worker may be set as it should be.
      retry: 'later',
      hint: `Set SLUICE_BUSINESS_TIME_ZONE=${stored} and start it again; or, to move all days to ${timeZone}, run with it, while Postgres is up: sluice lake rebuild --change-time-zone, and start all other processes with it.`,
      details: { configured: timeZone, stored },
    },
  );
}

/** From now on the days of the database lie in another zone; processes that are set to the old one are refused. */
export async function changeBusinessZone(db: Queryable, timeZone: string): Promise<void> {
  await db.query(lakeSql.change_business_zone, [timeZone]);
}
