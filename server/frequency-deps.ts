// Wires the lake and tag frequency to their world: DuckDB, folders, Arrow, plots.
import path from 'node:path';
import { writeArrowFile } from '../adapters/arrow/ipc-file.ts';
import { duckSessions } from '../adapters/duckdb/session.ts';
import { folderAt } from '../adapters/files/folder.ts';
import type { Database } from '../ports/database.ts';
import type { FrequencyWorld } from '../pipelines/frequency/ports.ts';
import { DIVISION } from '../pipelines/lake/units.ts';
import type { Config } from './config.ts';

/** Opens nothing by itself. One a process: it lets one DuckDB run at a time. */
export function frequencyWorld(config: Config, db: Database): FrequencyWorld {
  const under = (name: string) => path.join(config.dataDir, name);
  return {
    db,
    lakeFolder: folderAt(under('lake')),
    resultFolder: folderAt(under('frequency')),
    reportFolder: folderAt(under('reports')),
    timeZone: config.businessTimeZone,
    graceSeconds: config.lakeGraceSeconds,
    division: DIVISION,
    withDuck: duckSessions({
      memoryMiB: config.duckdbMemoryMiB,
      threads: config.duckdbThreads,
      tempFolder: under('tmp'),
    }),
    // A worker that never writes a report does without the plotting library.
    plots: async () => (await import('../adapters/plots/svg-plots.ts')).svgPlots,
    writeArrow: writeArrowFile,
  };
}
