// Holds the arrows of the tree: who may import whom. An import that points the wrong way fails here, by name.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../server/package-root.ts';

const FOLDERS = [
  ...[
    'contracts',
    'ports',
    'workflows',
    'activities',
    'pipelines',
    'adapters',
    'sql',
    'simulator',
    'server',
    'cli',
    'bench',
    'tests',
  ],
] as const;

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(path.join(packageRoot(), folder), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name));
}

const STATEMENT =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:([\w*{}\s,$]+?)\s+from\s+)?['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)/g;

/** Relative imports of a file. `import { type A, type B }` counts as type-only too. */
export function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(([, , type, names = '', target, dynamic]) => {
    const named = /^\{([^}]*)\}$/s.exec(names.trim())?.[1];
    const allTypes =
      named !== undefined && named.split(',').every((name) => name.trim() === '' || /^type\s/.test(name.trim()));
    return {
      from: file,
      to: path.join(path.dirname(file), (target ?? dynamic)!),
      typeOnly: dynamic === undefined && (type !== undefined || allTypes),
    };
  });
}

/** What a folder may import besides itself; `types`: only the types of it. */
const ARROWS: Record<string, { code: string[]; types?: string[] }> = {
  contracts: { code: [] },
  sql: { code: [] },
  simulator: { code: ['contracts'] },
  ports: { code: ['contracts'], types: ['sql'] },
  workflows: { code: ['contracts'], types: ['activities'] },
  activities: { code: ['pipelines', 'ports', 'contracts'] },
  pipelines: { code: ['contracts', 'ports', 'sql'] },
  adapters: { code: ['contracts', 'ports', 'sql'] },
  server: { code: ['contracts', 'ports', 'workflows', 'activities', 'pipelines', 'adapters', 'sql', 'simulator'] },
  cli: {
    code: [
      'contracts',
      'ports',
      'workflows',
      'activities',
      'pipelines',
      'adapters',
      'sql',
      'simulator',
      'server',
      'bench',
    ],
  },
  bench: {
    code: ['contracts', 'ports', 'workflows', 'activities', 'pipelines', 'adapters', 'sql', 'simulator', 'server'],
  },
  tests: { code: [...FOLDERS] },
};

/** Why an import may not be, or null. */
export function violation({ from, to, typeOnly }: Import): string | null {
  const own = from.split('/')[0]!;
  const target = to.split('/')[0]!;
  const arrows = ARROWS[own];
  if (!arrows) return `unknown folder ${own}`;
  if (target === own || arrows.code.includes(target)) return null;
  if (arrows.types?.includes(target)) return typeOnly ? null : `${own} imports ${target} by type only`;
  const allowed = [...arrows.code, ...(arrows.types ?? [])];
  return `${own} imports ${allowed.length === 0 ? 'nothing' : `nothing but ${allowed.join(', ')}`}`;
}

test('every import follows the arrows', () => {
  const files = FOLDERS.flatMap(sources);
  expect(files.length).toBeGreaterThan(50);
  const wrong = files
    .flatMap((file) => importsOf(file, readFileSync(path.join(packageRoot(), file), 'utf8')))
    .map((found) => ({ ...found, why: violation(found) }))
    .filter(({ why }) => why !== null)
    .map(({ from, to, why }) => `${from} -> ${to}: ${why}`);
  expect(wrong).toEqual([]);
});

test('the rules bite', () => {
  const judge = (from: string, statement: string) => importsOf(from, `\n${statement}\n`).map(violation);
  expect(judge('workflows/a.ts', `import { x } from '../activities/index.ts';`)).not.toEqual([null]);
  expect(judge('workflows/a.ts', `import type { X } from '../activities/index.ts';`)).toEqual([null]);
  expect(judge('workflows/a.ts', `import { readFile } from '../adapters/files/open-file.ts';`)).not.toEqual([null]);
  expect(
    judge('pipelines/import/a.ts', `import { openDatabase } from '../../adapters/postgres/database.ts';`),
  ).not.toEqual([null]);
  expect(judge('pipelines/import/a.ts', `import type { Database } from '../../ports/database.ts';`)).toEqual([null]);
  expect(judge('contracts/a.ts', `import type { X } from '../import/stage.ts';`)).not.toEqual([null]);
  expect(judge('activities/a.ts', `const x = await import('../server/config.ts');`)).not.toEqual([null]);
  expect(judge('adapters/files/a.ts', `import { x } from '../../pipelines/import/stage.ts';`)).not.toEqual([null]);
});

test('no folder or file is called utils, helpers or common; files stay readable', () => {
  const files = FOLDERS.flatMap(sources);
  expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.)/.test(file))).toEqual([]);
  const lengths = files
    .filter((file) => !file.includes('.generated.'))
    .map((file) => ({ file, text: readFileSync(path.join(packageRoot(), file), 'utf8') }))
    .map(({ file, text }) => ({ file, lines: text.split('\n').length, head: text.split('\n').slice(0, 4).join('\n') }));
  // A file past 350 lines says why in its first lines.
  expect(
    lengths.filter(({ lines, head }) => lines > 350 && !/long because/.test(head)).map(({ file }) => file),
  ).toEqual([]);
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(120);
});

test('what kind a channel is, is asked in channel-kinds.ts alone: adding one is a row', () => {
  const asked = /(?:===|!==|case) '(?:line|whatsapp|messenger)'|\.kind (?:=|<>) '(?:line|whatsapp|messenger)'/;
  const folders = FOLDERS.filter((folder) => !['tests', 'adapters', 'simulator'].includes(folder));
  const files = [...folders.flatMap(sources), ...statements()].filter((file) => file !== 'contracts/channel-kinds.ts');
  expect(files.filter((file) => asked.test(readFileSync(path.join(packageRoot(), file), 'utf8')))).toEqual([]);
  expect(asked.test(`if (channel.kind !== 'line') return;`)).toBe(true);
});

function statements(): string[] {
  const folder = path.join('sql', 'postgres');
  return readdirSync(path.join(packageRoot(), folder)).map((name) => path.join(folder, name));
}
