// A clock of tests: in this one database `sluice_now()` is ahead of the server's clock by what a small table says, or stands still.
import type { Queryable } from '../ports/database.ts';

export interface TestClock {
  /** Moves the time of every statement on; it never goes back. */
  advance(ms: number): Promise<void>;
  /** From now on time passes by `advance` only, from `at` or, where that is past, from now: so a course of events can be repeated. */
  stop(at: Date): Promise<void>;
}

/** Replaces the clock of a test database, for good. */
export async function openTestClock(db: Queryable): Promise<TestClock> {
  await db.query(
    `create table if not exists test_clock (only_row boolean primary key default true check (only_row),
       ahead interval not null default '0', stopped_at timestamptz)`,
  );
  await db.query('insert into test_clock default values on conflict do nothing');
  await db.query(
    `create or replace function sluice_now() returns timestamptz language sql volatile parallel safe
     as 'select coalesce(stopped_at, clock_timestamp()) + ahead from test_clock'`,
  );
  return {
    advance: async (ms) => {
      if (!(ms >= 0)) throw new Error(`time does not go back (${ms} ms)`);
      await db.query(`update test_clock set ahead = ahead + $1::double precision * interval '1 ms'`, [ms]);
    },
    stop: async (at) => {
      await db.query(`update test_clock set stopped_at = greatest($1, sluice_now()), ahead = '0'`, [at]);
    },
  };
}
