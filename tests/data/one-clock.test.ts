// There is one clock: whatever asks for the time in the database asks sluice_now(), in production that is the server's clock at no
// cost, and tests can move it for everybody at once.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../server/package-root.ts';
import { openTestDatabase, type TestDatabase } from '../database.ts';
import { openTestClock } from '../test-clock.ts';

/** What asks a clock in SQL. Literals such as 'now' are cast to one. */
const ASKS =
  /\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\s*\(\s*\)|\b(?:current_timestamp|localtimestamp|current_date|current_time|localtime)\b|'(?:now|today|tomorrow|yesterday)'/gi;

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await openTestDatabase();
  client = new pg.Client({ connectionString: database.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('no function, default, check, view or index of the schema asks another clock', async () => {
  const { rows } = await client.query<{ what: string; text: string }>(`
    select 'function ' || p.oid::regprocedure as what, p.prosrc || coalesce(pg_get_function_sqlbody(p.oid), '') as text
      from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname <> 'sluice_now'
        and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    union all
    select 'default of ' || d.adrelid::regclass || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid)
      from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
      join pg_class c on c.oid = d.adrelid
      where c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_migrations'
    union all
    select 'check ' || conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
    union all
    select 'view ' || viewname, definition from pg_views where schemaname = 'public'
    union all
    select 'trigger ' || tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all
    select 'index ' || indexname, indexdef from pg_indexes where schemaname = 'public'`);
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter(({ text }) => asks(withoutComments(text)).length > 0).map(({ what }) => what)).toEqual([]);
});

test('no statement asks another clock', () => {
  const folders = ['sql/postgres', 'activities', 'adapters', 'pipelines', 'server', 'cli'];
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(packageRoot(), folder), { recursive: true })
      .map((name) => path.join(folder, String(name)))
      .filter((name) => /\.(sql|ts)$/.test(name) && !name.endsWith('.generated.ts')),
  );
  expect(files.length).toBeGreaterThan(200);
  const found = files
    // It makes the table that says which migrations, and so whether that function, are there.
    .filter((file) => file !== path.join('adapters', 'postgres', 'migrate.ts'))
    .flatMap((file) => {
      const text = readFileSync(path.join(packageRoot(), file), 'utf8');
      const statements = file.endsWith('.sql') ? withoutComments(text) : literals(text);
      return asks(statements).map((asked) => `${file}: ${asked}`);
    });
  expect(found).toEqual([]);
});

test('in production the planner puts the server clock in its place', async () => {
  const plan = async (statement: string): Promise<string> => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (verbose, costs off) ${statement}`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };
  const plans = [
    await plan('select sluice_now()'),
    await plan('update broadcasts set updated_at = sluice_now() where planned_at < sluice_now()'),
    await plan(`insert into suppressions (address_hash, channel_id, reason, source) select ''::bytea, 'c', 'r', 's'`),
  ];
  for (const text of plans) {
    expect(text).toContain('clock_timestamp()');
    expect(text).not.toContain('sluice_now');
  }
});

test('a test moves it for every statement, default and function, and never back', async () => {
  const clock = await openTestClock(client);
  const ahead = async (): Promise<number> => {
    const { rows } = await client.query<{ ms: number }>(
      `with made as (
         insert into suppressions (address_hash, channel_id, reason, source) values (sha256(random()::text::bytea), 'c', 'r', 's')
         returning recorded_at
       ) select (extract(epoch from least(recorded_at, sluice_now()) - clock_timestamp()) * 1000)::float8 as ms from made`,
    );
    return rows[0]!.ms;
  };
  expect(Math.abs(await ahead())).toBeLessThan(1_000);
  await clock.advance(25 * 3_600_000);
  await clock.advance(1_000);
  expect(Math.abs((await ahead()) - (25 * 3_600_000 + 1_000))).toBeLessThan(1_000);
  await expect(clock.advance(-1)).rejects.toThrow('time does not go back');
  const now = async (): Promise<number> => {
    const { rows } = await client.query<{ at: Date }>('select sluice_now() as at');
    return rows[0]!.at.getTime();
  };
  const earlier = await now();
  await clock.stop(new Date('2000-01-01T00:00:00Z'));
  expect(await now()).toBeGreaterThanOrEqual(earlier);
  await clock.stop(new Date('2100-01-01T00:00:00Z'));
  await clock.advance(5);
  expect(await now()).toBe(Date.parse('2100-01-01T00:00:00.005Z'));
});

function asks(text: string): string[] {
  return [...text.matchAll(ASKS)].map(([asked]) => asked);
}

function withoutComments(sql: string): string {
  return sql.replace(/--[^\n]*/g, '').replace(/\/\*[\s\S]*?\*\//g, '');
}

/** Texts of a source file that may be SQL; its own code may ask Date.now() and the like where time is an argument. */
function literals(source: string): string {
  return [...source.matchAll(/`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g)]
    .map(([literal]) => literal)
    .filter((literal) => /\b(?:select|insert|update|delete|alter|create|values|interval|set)\b/i.test(literal))
    .map(withoutComments)
    .join('\n');
}
