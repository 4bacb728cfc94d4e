// Brings a database to the newest schema: plain numbered SQL files, each applied once, in order, in one transaction each.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { sqlFolder } from '../../sql/named.ts';

// Any constant does, if nothing else in the database uses it: it keeps two migrating processes apart.
const MIGRATION_LOCK = 7_316_001;

/**
 * Applies the migrations that the database at `databaseUrl` lacks. Safe against a concurrent runner (advisory lock);
 * calling it again applies nothing. Refuses a database whose applied migrations differ from the files here.
 */
export async function migrate(
  databaseUrl: string,
  say: (text: string) => void = () => undefined,
): Promise<{ applied: string[] }> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'sluice migrate' });
  await client.connect();
  try {
    await checkVersion(client);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(`create table if not exists schema_migrations (
      name text primary key, sha256 text not null, applied_at timestamptz not null default now())`);
    const applied: string[] = [];
    for (const migration of await pendingMigrations(client)) {
      say(`migration ${migration.name}`);
      await client.query('begin');
      await client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [
        migration.name,
        migration.sha256,
      ]);
      await client.query(migration.text);
      await client.query('commit');
      applied.push(migration.name);
    }
    return { applied };
  } finally {
    await client.end();
  }
}

/** transaction_timeout, which keeps a frozen worker from holding its locks, came with 17. */
const OLDEST_POSTGRES = 170_000;

async function checkVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string }>(
    `select current_setting('server_version_num') as number, current_setting('server_version') as version`,
  );
  if (Number(rows[0]!.number) >= OLDEST_POSTGRES) return;
  throw new PipelineError(
    'postgres_too_old',
    `The database is PostgreSQL ${rows[0]!.version}; 17 or newer is needed.`,
    {
      hint: 'Use a newer server, or leave DATABASE_URL empty for the embedded one.',
    },
  );
}

interface Migration {
  name: string;
  text: string;
  sha256: string;
}

/** The migrations shipped with this version, in order. */
export async function shippedMigrations(): Promise<Migration[]> {
  const folder = path.join(sqlFolder(), 'migrations');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(folder, name), 'utf8');
      return { name, text, sha256: createHash('sha256').update(text).digest('hex') };
    }),
  );
}

async function pendingMigrations(client: pg.Client): Promise<Migration[]> {
  const shipped = await shippedMigrations();
  const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migrations');
  for (const row of rows) {
    const file = shipped.find((migration) => migration.name === row.name);
    if (file === undefined)
      throw new PipelineError(
        'schema_newer',
        `The database has migration ${row.name}, which this version does not know.`,
        {
          hint: 'Run the version of Sluice that made it, or a newer one.',
        },
      );
    if (file.sha256 !== row.sha256)
      throw new PipelineError(
        'migration_changed',
        `Migration ${row.name} differs from the one applied to the database.`,
        {
          hint: 'Migrations are never edited: restore the file and add a new one.',
        },
      );
  }
  return shipped.filter((migration) => !rows.some((row) => row.name === migration.name));
}
