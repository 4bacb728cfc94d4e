// `sluice bench tag-frequency`, and how it is shown.
import type { Command } from 'commander';
import { benchTagFrequency, type FrequencyBench } from '../bench/tag-frequency.ts';
import { wholeFrom } from './option-values.ts';
import { answer, say, table } from './output.ts';

export function registerFrequencyBench(bench: Command): void {
  bench
    .command('tag-frequency')
    .description('lake and tag frequency over 7, 30 and 90 days, against bare COPY and bare DuckDB')
    .option('--events <n>', 'tag events', wholeFrom(10_000), 20_000_000)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice bench tag-frequency --events 20000000')
    .action(async (options: { events: number; json?: boolean }) => {
      answer(options, await benchTagFrequency(options.events, say), render);
    });
}

function render({ figures, floors, ratios, machine }: FrequencyBench): string {
  const two = (value: number) => Number(value.toFixed(2));
  return [
    `tag frequency of ${figures.events} events, ${figures.contacts} contacts, ${figures.rows} result rows, on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    table(
      ['', 'seconds', 'floor s', 'ratio'],
      [
        ['compute', two(figures.computeSeconds), two(floors.duckdbSeconds), two(ratios.compute)],
        [
          'compute with checksums',
          two(figures.computeSeconds + figures.checksumSeconds),
          two(floors.duckdbSeconds),
          two(ratios.computeWithChecksums),
        ],
        ['export', two(figures.exportSeconds), two(floors.copySeconds), two(ratios.export)],
        ['incremental', two(figures.incrementalSeconds), two(figures.exportSeconds), two(ratios.incremental)],
      ],
    ),
    `floor of compute: each window ${two(floors.duckdbEachSeconds)} s, one pass ${two(floors.duckdbOnePassSeconds)} s; ${figures.dirtyDays} dirty days`,
    `one contact from Postgres: p50 ${two(figures.contactMs.p50)} ms, p99 ${two(figures.contactMs.p99)} ms`,
    `whole run through Temporal: ${two(figures.workflowSeconds)} s, ${figures.history.events} events, largest payload ${figures.history.largestPayloadBytes} bytes`,
  ].join('\n');
}
