// `sluice doctor`: prints what is there, what is missing, and the one command that mends each. Looks itself at nothing.
import type { Command } from 'commander';
import { loadConfig } from '../server/config.ts';
import type { Check } from '../server/doctor/check.ts';
import { checkInstallation } from '../server/doctor/installation.ts';
import { checkServers } from '../server/doctor/servers.ts';
import { configuredTemporal } from '../server/temporal-target.ts';

interface DoctorOptions {
  dataDir?: string;
  config?: string;
  json?: boolean;
}

/** Adds `doctor` to the program. Sets exit code 1 when something that is needed is missing. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is there, what is missing, and the one command that mends it')
    .option('--data-dir <dir>', 'data folder (default .sluice, or SLUICE_DATA_DIR)')
    .option('--config <file>', 'JSON file with settings (default <data folder>/sluice.json)')
    .option('--json', 'print one JSON document: {ok, checks:[{name, state, found, fix}]}')
    .addHelpText('after', '\nExample:\n  $ sluice doctor --json')
    .action(async (_options, command: Command) => {
      await doctor(command.optsWithGlobals<DoctorOptions>());
    });
}

async function doctor({ dataDir, config: file, json }: DoctorOptions): Promise<void> {
  const { env } = process;
  const config = loadConfig({ env, file, overrides: dataDir ? { dataDir } : {} });
  const external = configuredTemporal(env);
  const checks = [
    ...(await checkInstallation(config, env, external === undefined)),
    ...(await checkServers(config, env, external)),
  ];
  const ok = checks.every(({ state }) => state !== 'missing');
  console.log(json ? JSON.stringify({ ok, checks }, null, 2) : render(checks, ok));
  if (!ok) process.exitCode = 1;
}

const SIGNS = { ok: 'ok     ', note: 'note   ', missing: 'MISSING' } as const;

function render(checks: Check[], ok: boolean): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, state, found, fix }) => {
    const line = `${SIGNS[state]}  ${name.padEnd(width)}  ${found}`;
    return fix ? `${line}\n${' '.repeat(width + 11)}-> ${fix}` : line;
  });
  const first = checks.find(({ state }) => state === 'missing')?.fix;
  return [...lines, '', ok ? 'Nothing that is needed is missing.' : `Begin with: ${first}`].join('\n');
}
