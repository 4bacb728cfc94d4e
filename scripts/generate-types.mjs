// Generates sql/types.generated.ts from the live schema of DATABASE_URL; with --verify, checks it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, say } from './steps.mjs';

if (!process.env.DATABASE_URL) {
  say('Set DATABASE_URL to a migrated database (sluice dev, then sluice migrate).');
  process.exit(2);
}
const generator = join(root, 'node_modules', 'kysely-codegen', 'dist', 'cli', 'bin.js');
const { status, stderr, stdout } = spawnSync(
  process.execPath,
  [
    generator,
    ...['--url', 'env(DATABASE_URL)', '--dialect', 'postgres', '--log-level', 'warn'],
    ...['--out-file', join(root, 'sql', 'types.generated.ts')],
    // The migration table is migrate.ts's own; partitions of the staging table come and go.
    ...['--exclude-pattern', '*.(schema_migrations|import_staging_*|tag_staging_*|tag_events_*)'],
    ...process.argv.slice(2),
  ],
  { encoding: 'utf8', env: process.env },
);
if (status !== 0) {
  process.stderr.write(`${stdout}${stderr}\nThe types differ from the schema: npm run generate-types\n`);
  process.exit(1);
}
console.log('The types are up to date.');
