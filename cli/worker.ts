// `sluice worker`: runs workers for all task queues until told to stop.
import type { Command } from 'commander';
import { findServices } from '../server/services.ts';
import { configOf, shared, type SharedOptions } from './session.ts';

export function registerWorker(program: Command): void {
  shared(
    program.command('worker').description('run a worker until Ctrl-C; start as many as you like'),
    'DATABASE_URL=… TEMPORAL_ADDRESS=… sluice worker',
  ).action(async (_options, command: Command) => {
    const config = configOf(command.optsWithGlobals<SharedOptions>());
    // Loaded here: the worker's native library takes half a second that no other command needs.
    const { runWorker } = await import('../server/worker.ts');
    await runWorker(config, findServices(config, process.env), () => console.log(JSON.stringify({ ready: true })));
  });
}
