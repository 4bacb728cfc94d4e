#!/usr/bin/env node
// The command line: `sluice <noun> <verb>`. Exit codes: 0 done, 1 failed, 2 wrong usage.
import { CommanderError, type Command } from 'commander';
import { describeError, PipelineError } from '../contracts/pipeline-error.ts';
import { asTyped } from './next-command.ts';
import { buildProgram } from './program.ts';

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
  const program = await buildProgram(process.argv[2]);
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
    console.error(`sluice: ${asTyped([message, hint].filter(Boolean).join(' '))}`);
    if (!(error instanceof PipelineError) && process.env['SLUICE_LOG_LEVEL'] === 'debug') console.error(error);
  }
}

await main();
