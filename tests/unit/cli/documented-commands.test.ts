// Every command that README and docs show can be typed as it stands: its options exist, and so do the files of this repository it names.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram } from '../../../cli/program.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Shown {
  page: string;
  line: number;
  text: string;
}

/** The lines of all shell blocks, continued ones joined, without comments. */
function shellLines(page: string): Shown[] {
  const lines: Shown[] = [];
  let inside = false;
  let open: Shown | null = null;
  readFileSync(page, 'utf8')
    .split('\n')
    .forEach((raw, index) => {
      const fence = /^\s*```(\w*)/.exec(raw);
      if (fence) inside = !inside && ['sh', 'bash', 'shell'].includes(fence[1]!);
      else if (inside) {
        const text = raw.trim();
        if (open) open.text += ` ${text.replace(/\\$/, '')}`;
        else if (text !== '' && !text.startsWith('#'))
          lines.push((open = { page, line: index + 1, text: text.replace(/\\$/, '') }));
        if (!text.endsWith('\\')) open = null;
      }
    });
  return lines;
}

/** The arguments of `sluice` in a line, as a shell would split them; null when the line calls something else. */
function argumentsOf(text: string): string[] | null {
  const call = /(?:^|[;&|]\s*|\s)(?:npx )?sluice ((?:"[^"]*"|'[^']*'|[^|;&<>#])*)/.exec(text)?.[1];
  if (call === undefined) return null;
  return [...call.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replace(/^(["'])(.*)\1$/s, '$2'));
}

/** Parses as the command line does; what a command would do is left out. Gives what it complains of. */
async function complaintOf(args: string[]): Promise<string | null> {
  let said = '';
  const idle = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: (text) => (said += text) });
    if (command.commands.length === 0) command.action(() => undefined);
    command.commands.forEach(idle);
  };
  const program = await buildProgram(args[0]);
  idle(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return null;
  } catch (error) {
    const { code } = error as { code?: string };
    return code === 'commander.version' || code === 'commander.helpDisplayed' ? null : said || String(error);
  }
}

const SHOWN = PAGES.flatMap(shellLines);

test('every shown call of sluice parses', async () => {
  const calls = SHOWN.flatMap((shown) => {
    const args = argumentsOf(shown.text);
    // An ellipsis stands for what the reader puts in.
    return args === null || args.some((arg) => arg.includes('…')) ? [] : [{ ...shown, args }];
  });
  expect(calls.length).toBeGreaterThan(20);
  const wrong: string[] = [];
  for (const { page, line, text, args } of calls) {
    const complaint = await complaintOf(args);
    if (complaint !== null) wrong.push(`${page}:${line} ${text}\n  ${complaint.split('\n')[0]}`);
  }
  expect(wrong).toEqual([]);
});

test('every file of the repository that a shown line names is there, and so is every script of npm', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const own = new Set(['start', 'test', 'ci', 'install', 'run']);
  const wrong = SHOWN.flatMap(({ page, line, text }) => [
    ...[...text.matchAll(/(?:^|[\s=])((?:examples|scripts|tests|docs|sql|bench)\/[\w./-]+)/g)].flatMap(([, file]) =>
      existsSync(file!) ? [] : [`${page}:${line} ${file}`],
    ),
    ...[...text.matchAll(/\bnpm run ([\w:-]+)/g)].flatMap(([, name]) =>
      name! in scripts ? [] : [`${page}:${line} npm run ${name}`],
    ),
    ...[...text.matchAll(/\bnpm (?!run\b)([a-z]+)\b/g)].flatMap(([, name]) =>
      own.has(name!) ? [] : [`${page}:${line} npm ${name}`],
    ),
  ]);
  expect(wrong).toEqual([]);
});

test('what the pages read is there: a file of the repository, or one that an earlier line made', () => {
  const wrong: string[] = [];
  const made = new Set<string>();
  let page = '';
  for (const shown of SHOWN) {
    if (shown.page !== page) made.clear();
    page = shown.page;
    const copied = /\bcp \S+ (\S+)/.exec(shown.text)?.[1];
    if (copied !== undefined) made.add(copied);
    const args = argumentsOf(shown.text) ?? [];
    const reads = args.filter(
      (arg, index) =>
        (args[index - 1] === 'import' && args[0] !== 'bench' && !arg.startsWith('-')) ||
        (args[0] === 'inspect' && index > 0 && /\.\w+$/.test(arg)) ||
        ['--csv', '--message'].includes(args[index - 1] ?? ''),
    );
    for (const file of reads)
      if (!existsSync(file) && !made.has(file)) wrong.push(`${shown.page}:${shown.line} ${file}`);
    const out = args[args.indexOf('--out') + 1];
    if (args.includes('--out') && out !== undefined) made.add(out);
  }
  expect(wrong).toEqual([]);
});
