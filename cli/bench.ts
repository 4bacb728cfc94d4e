// `sluice bench NAME`: figures as ratios to a floor measured in the same run.
import type { Command } from 'commander';
import { benchImport, type ImportBench } from '../bench/import.ts';
import { benchMatch, type MatchBench } from '../bench/match.ts';
import { registerDeliveryBenches } from './bench-delivery.ts';
import { registerFrequencyBench } from './bench-frequency.ts';
import { wholeFrom } from './option-values.ts';
import { answer, say, table } from './output.ts';

export function registerBench(program: Command): void {
  const bench = program.command('bench').description('measure, against a floor in the same run');
  bench
    .command('import')
    .description('contact import, empty table and unchanged, against bare COPY + INSERT … ON CONFLICT')
    .option('--rows <n>', 'contacts', wholeFrom(100), 1_000_000)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice bench import --rows 1000000')
    .action(async (options: { rows: number; json?: boolean }) => {
      answer(options, await benchImport(options.rows, say), render);
    });
  bench
    .command('match')
    .description('recipient list to frozen plan, against bare COPY + join + INSERT of ledger rows')
    .option('--lines <n>', 'lines of the list', wholeFrom(100), 50_000)
    .option('--contacts <n>', 'contacts of the channel', wholeFrom(100), 1_000_000)
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nExample:\n  $ sluice bench match --lines 50000 --contacts 1000000')
    .action(async (options: { lines: number; contacts: number; json?: boolean }) => {
      answer(options, await benchMatch(options.lines, options.contacts, say), renderMatch);
    });
  registerDeliveryBenches(bench);
  registerFrequencyBench(bench);
}

function render({ figures, floors, ratios, machine }: ImportBench): string {
  const seconds = (value: number) => Number(value.toFixed(2));
  const steps = (history: ImportBench['figures']['empty']['history']) =>
    Object.entries(history.activitySeconds)
      .map(([name, value]) => `${name} ${seconds(value)}`)
      .join(', ');
  const { empty, unchanged, memory } = figures;
  return [
    `import of ${figures.rows} contacts, ${figures.fileMiB.toFixed(0)} MiB, on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    table(
      ['table', 'seconds', 'rows/s', 'floor s', 'ratio', 'events', 'largest payload'],
      [
        [
          'empty',
          seconds(empty.seconds),
          Math.round(empty.rowsPerSecond),
          seconds(floors.empty.total),
          seconds(ratios.empty),
          empty.history.events,
          empty.history.largestPayloadBytes,
        ],
        [
          'unchanged',
          seconds(unchanged.seconds),
          Math.round(unchanged.rowsPerSecond),
          seconds(floors.unchanged.total),
          seconds(ratios.unchanged),
          unchanged.history.events,
          unchanged.history.largestPayloadBytes,
        ],
      ],
    ),
    `steps, empty: ${steps(empty.history)}`,
    `steps, unchanged: ${steps(unchanged.history)}`,
    `floor, empty: copy ${seconds(floors.empty.copy)}, upsert ${seconds(floors.empty.upsert)}, outcomes ${seconds(floors.empty.outcomes)}`,
    `memory above idle (${memory.idleMiB.toFixed(0)} MiB): ${memory.aboveIdleMiB.toFixed(0)} MiB; for a tenth of the rows ${memory.aboveIdleTenthMiB.toFixed(0)} MiB`,
  ].join('\n');
}

function renderMatch({ figures, floors, ratios, machine }: MatchBench): string {
  const seconds = (value: number) => Number(value.toFixed(3));
  const steps = Object.entries(figures.history.activitySeconds).map(([name, value]) => `${name} ${seconds(value)}`);
  return [
    `match of ${figures.lines} lines against ${figures.contacts} contacts, on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
    table(
      ['seconds', 'lines/s', 'floor s', 'ratio', 'events', 'largest payload'],
      [
        [
          seconds(figures.seconds),
          Math.round(figures.linesPerSecond),
          seconds(floors.total),
          seconds(ratios.match),
          figures.history.events,
          figures.history.largestPayloadBytes,
        ],
      ],
    ),
    `steps: ${steps.join(', ')}`,
    `floor: copy ${seconds(floors.copy)}, join and ledger ${seconds(floors.ledger)}; recipients beside it ${seconds(floors.recipients)}`,
    `memory above idle (${figures.memory.idleMiB.toFixed(0)} MiB): ${figures.memory.aboveIdleMiB.toFixed(0)} MiB`,
  ].join('\n');
}
