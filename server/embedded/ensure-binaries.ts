// A program of its own: makes sure that the programs of the embedded servers are there, so that a later start is quick.
// Run it as `node dist/server/embedded/ensure-binaries.js`. Exit 0: all there; 1: not, and why.
import { describeError } from '../../contracts/pipeline-error.ts';
import { loadConfig } from '../config.ts';
import { readyPostgresBinaries } from './postgres-binaries.ts';
import { ensureTemporal } from './temporal-binary.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

try {
  const config = loadConfig({ env: process.env });
  if (config.databaseUrl === '') readyPostgresBinaries();
  const { path, source, server } = await ensureTemporal({ config, env: process.env, say });
  say(`Temporal server ${server}: ${path} (${source}).`);
} catch (error) {
  say(describeError(error));
  process.exitCode = 1;
}
