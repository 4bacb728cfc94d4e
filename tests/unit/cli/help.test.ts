// What --help says, of all commands at once, and that a command loaded alone is the same.
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram } from '../../../cli/program.ts';

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

function leaves(command: Command, name: string): [string, Command][] {
  if (command.commands.length === 0) return [[name, command]];
  return command.commands.flatMap((inner) => leaves(inner, `${name} ${inner.name()}`.trim()));
}

test('every command explains itself with an example', async () => {
  const found = leaves(await buildProgram(undefined), '');
  for (const [name, command] of found) expect(helpOf(command), name).toMatch(/\nExample:\n {2}\$ \S/);
  const names = found.map(([name]) => name);
  for (const known of ['dev', 'inspect', 'channels set', 'contacts import', 'suppressions check', 'bench import'])
    expect(names).toContain(known);
});

test('a command is the same whether it is loaded alone or with all others', async () => {
  const all = await buildProgram(undefined);
  for (const command of all.commands) {
    const alone = await buildProgram(command.name());
    expect(alone.commands.map((one) => one.name())).toEqual([command.name()]);
    expect(leaves(alone, '').map(([name, one]) => [name, helpOf(one)])).toEqual(
      leaves(command, command.name()).map(([name, one]) => [name, helpOf(one)]),
    );
  }
});
