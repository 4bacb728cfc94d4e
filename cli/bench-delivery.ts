// `sluice bench deliver|restart|limit`: delivery against undici alone, a killed worker, and the limit itself.
import type { Command } from 'commander';
import { benchBroadcast, type BroadcastBench } from '../bench/broadcast.ts';
import { benchDeliver, type DeliverBench } from '../bench/deliver.ts';
import { benchRestart, type RestartBench } from '../bench/restart.ts';
import { wholeFrom } from './option-values.ts';
import { answer, say, table } from './output.ts';

export function registerDeliveryBenches(bench: Command): void {
  bench
    .command('deliver')
    .description('one request a recipient, no limit, against undici alone on the same server')
    .option('--recipients <n>', 'recipients', wholeFrom(100), 200_000)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice bench deliver --recipients 200000')
    .action(async (options: { recipients: number; json?: boolean }) => {
      answer(options, await benchDeliver(options.recipients, say), renderDeliver);
    });
  bench
    .command('restart')
    .description('kill -9 of the only worker while it sends, to the next request the provider sees')
    .option('--kills <n>', 'kills', wholeFrom(1, 100), 3)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice bench restart')
    .action(async (options: { kills: number; json?: boolean }) => {
      answer(options, await benchRestart(options.kills, say), renderRestart);
    });
  bench
    .command('broadcast')
    .description('a recipient list on LINE from CSV to the last multicast, under its limit')
    .option('--recipients <n>', 'recipients', wholeFrom(100), 1_000_000)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice bench broadcast --recipients 1000000')
    .action(async (options: { recipients: number; json?: boolean }) => {
      answer(options, await benchBroadcast(options.recipients, say), renderBroadcast);
    });
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

function renderBroadcast({ machine, figures, floors, ratios }: BroadcastBench): string {
  const { histories } = figures;
  return [
    `broadcast of ${figures.recipients} recipients on LINE, on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    `plan ${figures.planSeconds.toFixed(1)} s; delivery ${figures.deliverSeconds.toFixed(1)} s for ${figures.requests} requests, ${figures.refused} refused; the limit alone takes ${floors.limitSeconds.toFixed(1)} s (ratio ${ratios.deliver.toFixed(2)})`,
    `worker: idle ${figures.workerIdleMiB.toFixed(0)} MiB, plan ${figures.planMiB.toFixed(0)} MiB, delivery ${figures.deliverMiB.toFixed(0)} MiB`,
    table(
      ['workflow', 'events', 'largest payload'],
      Object.entries(histories).map(([name, { events, largestPayloadBytes }]) => [name, events, largestPayloadBytes]),
    ),
  ].join('\n');
}

function renderRestart({ machine, figures }: RestartBench): string {
  const words = (seconds: number[]) => seconds.map((value) => value.toFixed(2)).join(', ');
  return [
    `kill -9 of the only worker while it sends, on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    `seconds to the next request at the provider: ${words(figures.seconds)}; median ${figures.median.toFixed(2)}`,
    `seconds until the new worker polled: ${words(figures.workerSeconds)}`,
  ].join('\n');
}
