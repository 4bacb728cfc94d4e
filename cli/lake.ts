// `sluice lake`: the derived Parquet files; compared with the log, refreshed, or written anew.
import type { Command } from 'commander';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { LakeRefresh } from '../contracts/tag-frequency.ts';
import { bringUpToDate } from '../pipelines/frequency/scrub.ts';
import { changeBusinessZone } from '../pipelines/lake/business-zone.ts';
import { verifyLake } from '../pipelines/lake/verify.ts';
import { frequencyWorld } from '../server/frequency-deps.ts';
import { answer, progressLine } from './output.ts';
import { shared, withSession, type SharedOptions } from './session.ts';

export function registerLake(program: Command): void {
  const lake = program.command('lake').description('the Parquet files that tag frequency is counted from');
  shared(
    lake.command('verify').description('compare every file with the log: fingerprints, rows, content; changes nothing'),
    'sluice lake verify',
  ).action(async (_options, command: Command) => {
    const options = command.optsWithGlobals<SharedOptions>();
    const check = await working(options, verifyLake);
    answer(options, check, ({ version, files, rows, problems }) =>
      version === null
        ? 'There is no lake yet: the first run of tag frequency makes it, or sluice lake refresh.'
        : [
            `Lake version ${version}: ${files} files, ${rows} events; ${problems.length === 0 ? 'all as in the log.' : `${problems.length} problems:`}`,
            ...problems.map((problem) => `  ${problem}`),
            ...(problems.length === 0 ? [] : ['sluice lake rebuild writes every file again from the log.']),
          ].join('\n'),
    );
    if (check.problems.length > 0) process.exitCode = 1;
  });
  registerWriting(lake, 'refresh', false, 'write the days that changed since the last version');
  registerWriting(
    lake,
    'rebuild',
    true,
    'write every file again from the log; readers keep the old ones for a while',
  ).option(
    '--change-time-zone',
    'from now on the days of this database lie in the configured business time zone; set all processes to it',
  );
}

function registerWriting(lake: Command, verb: string, anew: boolean, description: string): Command {
  return shared(lake.command(verb).description(description), `sluice lake ${verb}`).action(
    async (_options, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { changeTimeZone?: boolean }>();
      const refreshed = await working(options, async (world, control) => {
        if (options.changeTimeZone) await changeBusinessZone(world.db, world.timeZone);
        return bringUpToDate(world, anew, control);
      });
      answer(options, refreshed, render);
    },
  );
}

function render({ version, files, rows, daysChanged, filesWritten, rowsWritten }: LakeRefresh): string {
  return `Lake version ${version}: ${files} files, ${rows} events. ${daysChanged} days had changed; ${filesWritten} files with ${rowsWritten} events were written.`;
}

type Control = { signal: AbortSignal; onProgress: (done: number) => void };

/** In this process, with its own DuckDB: it can be stopped by Ctrl-C, and goes on where it was when called again. */
async function working<T>(
  options: SharedOptions,
  work: (world: ReturnType<typeof frequencyWorld>, control: Control) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onSignal = () =>
    stop.abort(new PipelineError('aborted', 'Stopped; what was written is used when it is called again.'));
  process.once('SIGINT', onSignal);
  const line = progressLine();
  try {
    return await withSession(options, ({ config, db }) =>
      work(frequencyWorld(config, db), { signal: stop.signal, onProgress: (done) => line.show(`${done} events`) }),
    );
  } finally {
    line.end();
    process.off('SIGINT', onSignal);
  }
}
