// The provider simulator as a service: its own process, its books in the data folder, and the line by which it is ready.
import { join } from 'node:path';
import { readLog } from './child-process.ts';
import type { DataFolder } from './data-folder.ts';
import type { Service } from './service.ts';
import { PLAIN_STOP } from './stop-process.ts';
import { cliCommand, READY_LINE } from './worker-service.ts';

/** Ready takes half a second; reading back the books of some million messages, several more. */
const READY_TIMEOUT_MS = 120_000;

export interface SimulatorServiceOptions {
  folder: DataFolder;
  port: number;
  env: NodeJS.ProcessEnv;
}

/** Describes the simulator; starts nothing. Throws PipelineError `build_missing` when Sluice was not built. */
export function simulatorService({ folder, port, env }: SimulatorServiceOptions): Service {
  const data = join(folder.root, 'simulator');
  const [file = process.execPath, ...args] = cliCommand('simulate', '--port', String(port), '--data', data);
  return {
    name: 'simulator',
    marker: data,
    stopPlan: PLAIN_STOP,
    readyTimeoutMs: READY_TIMEOUT_MS,
    prepare: async () => ({ file, args, cwd: folder.root, env }),
    isReady: async ({ logFile, logOffset }) => READY_LINE.test(readLog(logFile, logOffset)),
  };
}
