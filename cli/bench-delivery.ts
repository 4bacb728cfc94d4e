// `sluice bench deliver|restart|limit`: delivery against undici alone, a killed worker, and the limit itself.
import { InvalidArgumentError, type Command } from 'commander';
import { benchDeliver, type DeliverBench } from '../bench/deliver.ts';
import { answer, say, table } from './output.ts';

export function registerDeliveryBenches(bench: Command): void {
  bench
    .command('deliver')
    .description('one request a recipient, no limit, against undici alone on the same server')
    .option('--recipients <n>', 'recipients', count, 200_000)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice bench deliver --recipients 200000')
    .action(async (options: { recipients: number; json?: boolean }) => {
      answer(options, await benchDeliver(options.recipients, say), renderDeliver);
    });
}

export function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 100) return number;
  throw new InvalidArgumentError('must be a whole number from 100');
}

function renderDeliver({ machine, figures, floors, ratios }: DeliverBench): string {
  return [
    `delivery of ${figures.recipients} recipients, one request each, on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    table(
      ['', 'requests/s'],
      [
        ['sluice', Math.round(figures.perSecond)],
        ...Object.entries(floors.all).map(([n, rate]): [string, number] => [
          `undici, ${n} connections`,
          Math.round(rate),
        ]),
      ],
    ),
    `ratio ${ratios.deliver.toFixed(2)} (${figures.seconds.toFixed(1)} s); worker ${figures.workerMiB.toFixed(0)} MiB, idle ${figures.workerIdleMiB.toFixed(0)}`,
    `history of deliverChannel: ${figures.history.events} events, largest payload ${figures.history.largestPayloadBytes} bytes`,
  ].join('\n');
}
