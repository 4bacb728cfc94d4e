// The commands. A call loads the modules of the command it names only: all of them take longer to load than most commands run.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { printConfig } from '../server/config.ts';
import { packageRoot } from '../server/package-root.ts';
import { nearestOf } from './nearest.ts';
import { configOf, type SharedOptions } from './session.ts';

/** In the order in which help lists them; each puts its command into the program. */
const COMMANDS: Record<string, (program: Command) => Promise<void>> = {
  dev: async (program) => (await import('./dev.ts')).registerDev(program),
  worker: async (program) => (await import('./worker.ts')).registerWorker(program),
  simulate: async (program) => (await import('./simulate.ts')).registerSimulate(program),
  migrate: async (program) => (await import('./migrate.ts')).registerMigrate(program),
  doctor: async (program) => (await import('./doctor.ts')).registerDoctor(program),
  inspect: async (program) => (await import('./inspect.ts')).registerInspect(program),
  channels: async (program) => (await import('./channels.ts')).registerChannels(program),
  contacts: async (program) => {
    const [importing, asking, quota, deleting] = await Promise.all([
      import('./contacts-import.ts'),
      import('./contacts.ts'),
      import('./contacts-quota.ts'),
      import('./contacts-delete.ts'),
    ]);
    const contacts = program.command('contacts').description('contacts: import, search, show, export');
    importing.registerContactsImport(contacts);
    asking.registerContacts(contacts);
    quota.registerContactsQuota(contacts);
    deleting.registerContactsDelete(contacts);
  },
  tags: async (program) => {
    const [tags, frequency] = await Promise.all([import('./tags.ts'), import('./tags-frequency.ts')]);
    frequency.registerTagsFrequency(tags.registerTags(program));
  },
  lake: async (program) => (await import('./lake.ts')).registerLake(program),
  suppressions: async (program) => (await import('./suppressions.ts')).registerSuppressions(program),
  broadcast: async (program) => (await import('./broadcast.ts')).registerBroadcast(program),
  schedules: async (program) => (await import('./schedules.ts')).registerSchedules(program),
  explain: async (program) => (await import('./explain.ts')).registerExplain(program),
  bench: async (program) => (await import('./bench.ts')).registerBench(program),
  demo: async (program) => (await import('./demo.ts')).registerDemo(program),
};

function version(): string {
  const text = readFileSync(path.join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** `first`: the first argument. Where it names no command, there is help or a mistake to print, which names all of them. */
export async function buildProgram(first: string | undefined): Promise<Command> {
  const program = new Command('sluice')
    .description('Durable contact data and broadcasts: every row has a fate.')
    .version(version(), '-V, --version', 'print the version')
    .option('--print-config', 'print every setting with its environment variable and meaning, secrets masked')
    .showHelpAfterError('(--help shows the options and an example)')
    .enablePositionalOptions()
    .allowExcessArguments();
  const named = first !== undefined && Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  for (const register of named ? [named] : Object.values(COMMANDS)) await register(program);
  program.action((options: SharedOptions & { printConfig?: boolean }, { args: [unknown] }: Command) => {
    if (unknown !== undefined) {
      const meant = nearestOf(unknown, Object.keys(COMMANDS));
      program.error(`error: unknown command '${unknown}'${meant === null ? '' : `\n(Did you mean ${meant}?)`}`);
    }
    if (options.printConfig) console.log(printConfig(configOf({})));
    else program.outputHelp();
  });
  return program;
}
