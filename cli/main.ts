#!/usr/bin/env node
// The command line: `sluice <noun> <verb>`. Exit codes: 0 done, 1 failed, 2 wrong usage.
import { Command, CommanderError } from 'commander';
import { describeError, PipelineError } from '../pipelines/contracts/pipeline-error.ts';
import { printConfig } from '../server/config.ts';
import { registerBench } from './bench.ts';
import { registerBroadcast } from './broadcast.ts';
import { registerChannels } from './channels.ts';
import { registerContactsDelete } from './contacts-delete.ts';
import { registerContactsImport } from './contacts-import.ts';
import { registerContactsQuota } from './contacts-quota.ts';
import { registerContacts } from './contacts.ts';
import { registerDemo } from './demo.ts';
import { registerDev } from './dev.ts';
import { registerDoctor } from './doctor.ts';
import { registerExplain } from './explain.ts';
import { registerInspect } from './inspect.ts';
import { registerLake } from './lake.ts';
import { registerMigrate } from './migrate.ts';
import { registerSchedules } from './schedules.ts';
import { configOf, type SharedOptions } from './session.ts';
import { registerSimulate } from './simulate.ts';
import { registerSuppressions } from './suppressions.ts';
import { registerTagsFrequency } from './tags-frequency.ts';
import { registerTags } from './tags.ts';
import { registerWorker } from './worker.ts';

function buildProgram(): Command {
  const program = new Command('sluice')
    .description('Durable contact data and broadcasts: every row has a fate.')
    .option('--print-config', 'print every setting with its environment variable and meaning, secrets masked')
    .showHelpAfterError('(--help shows the options and an example)')
    .enablePositionalOptions();
  registerDev(program);
  registerWorker(program);
  registerSimulate(program);
  registerMigrate(program);
  registerDoctor(program);
  registerInspect(program);
  registerChannels(program);
  const contacts = program.command('contacts').description('contacts: import, search, show, export');
  registerContactsImport(contacts);
  registerContacts(contacts);
  registerContactsQuota(contacts);
  registerContactsDelete(contacts);
  registerTagsFrequency(registerTags(program));
  registerLake(program);
  registerSuppressions(program);
  registerBroadcast(program);
  registerSchedules(program);
  registerExplain(program);
  registerBench(program);
  registerDemo(program);
  program.action((options: SharedOptions & { printConfig?: boolean }) => {
    if (options.printConfig) console.log(printConfig(configOf({})));
    else program.outputHelp();
  });
  return program;
}

/** Commander ends the process with 1 on wrong usage; ours is 2. */
function exitOverride(command: Command): void {
  command.exitOverride();
  command.commands.forEach(exitOverride);
}

/** An error that no part of Sluice put into words. A host with several addresses gives one error of several without a text. */
function unforeseen(error: unknown): PipelineError {
  const parts: unknown[] = error instanceof AggregateError && error.message === '' ? error.errors : [error];
  return new PipelineError('unforeseen', `${parts.map(describeError).join('; ')}.`, {
    hint: '"sluice doctor" says what is there and what is missing.',
  });
}

async function main(): Promise<void> {
  // Without a listener a closed pipe or a full disk ends the process with a stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.exitCode = 1;
    console.error(`sluice: stdout cannot be written (${error.code}).`);
  });
  const program = buildProgram();
  exitOverride(program);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    // Whoever read our output has enough of it, as `head` does.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    const { code, message, hint = null } = error instanceof PipelineError ? error : unforeseen(error);
    process.exitCode = code === 'nothing_to_retry' ? 2 : 1;
    if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code, message, hint } }));
    console.error(`sluice: ${[message, hint].filter(Boolean).join(' ')}`);
    if (!(error instanceof PipelineError) && process.env['SLUICE_LOG_LEVEL'] === 'debug') console.error(error);
  }
}

await main();
