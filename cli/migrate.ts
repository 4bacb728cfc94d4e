// `sluice migrate`: brings the database to this version's schema.
import type { Command } from 'commander';
import { migrate } from '../adapters/postgres/migrate.ts';
import { findServices } from '../server/services.ts';
import { answer, say } from './output.ts';
import { configOf, shared, type SharedOptions } from './session.ts';

export function registerMigrate(program: Command): void {
  shared(
    program.command('migrate').description("bring the database to this version's schema"),
    'sluice migrate',
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    const { databaseUrl } = findServices(configOf(options), process.env);
    const result = await migrate(databaseUrl, say);
    answer(options, result, ({ applied }) =>
      applied.length > 0 ? `Applied ${applied.join(', ')}` : 'The schema is up to date.',
    );
  });
}
