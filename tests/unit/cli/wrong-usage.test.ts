// The first words of a person who types something else than was meant; and which version this is.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { nearestOf } from '../../../cli/nearest.ts';
import { buildProgram } from '../../../cli/program.ts';

/** What the command line prints of these arguments, out and err together, and how it ends. */
async function typed(...args: string[]): Promise<{ text: string; code: string }> {
  let text = '';
  const hush = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: (part) => (text += part), writeErr: (part) => (text += part) });
    command.commands.forEach(hush);
  };
  const program = await buildProgram(args[0]);
  hush(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return { text, code: 'ran' };
  } catch (error) {
    return { text, code: (error as { code: string }).code };
  }
}

test.each([
  [['contcts', 'search'], 'contacts'],
  [['brodcast', 'plan'], 'broadcast'],
  [['Tags', 'list'], 'tags'],
  [['contacts', 'serach'], 'search'],
  [['inspect', '--delimeter', ',', 'x.csv'], '--delimiter'],
])('%j names %s', async (args, meant) => {
  const { text, code } = await typed(...args);
  expect(text).toContain(`Did you mean ${meant}?`);
  expect(code).toMatch(/^commander\./);
});

test('nothing near is not guessed at', async () => {
  expect((await typed('frobnicate')).text).not.toContain('Did you mean');
  expect(nearestOf('xyz', ['tags', 'lake'])).toBeNull();
  expect(nearestOf('alke', ['tags', 'lake'])).toBe('lake');
});

test.each(['--version', '-V'])('%s is that of the package', async (flag) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect((await typed(flag)).text.trim()).toBe(version);
});
