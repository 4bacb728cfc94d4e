// Gives a test file a database of its own, copied from the migrated template, so that files run side by side.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  databaseUrl: string;
  name: string;
  /** Ends all its sessions and removes it. Twice is harmless. */
  drop: () => Promise<void>;
}

/** The name that tests/servers.ts gives the template; not imported, to keep the server code out of test processes. */
const TEMPLATE_DATABASE = 'sluice_template';

/** Makes the copy: some 50 ms. Call it in `beforeAll`, `drop()` in `afterAll`. Works in the projects with servers only. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const serverUrl = inject('databaseUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  // FILE_COPY would force two checkpoints; WAL_LOG copies a small template in milliseconds.
  await admin(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE} STRATEGY WAL_LOG`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    databaseUrl: url.toString(),
    name,
    drop: () => admin(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function admin(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
