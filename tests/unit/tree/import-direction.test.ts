// Holds the arrows of the tree: who may import whom. An import that points the wrong way fails here, by name.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../server/package-root.ts';

const INSIDE = ['contracts', 'ports', 'workflows', 'activities', 'pipelines', 'adapters', 'sql', 'simulator'];

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
  server: { code: INSIDE },
  cli: { code: [...INSIDE, 'server', 'bench'] },
  bench: { code: [...INSIDE, 'server'] },
  tests: { code: [...INSIDE, 'server', 'cli', 'bench'] },
};
const FOLDERS = Object.keys(ARROWS);

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function sources(folder: string, end = '.ts'): string[] {
  return readdirSync(path.join(packageRoot(), folder), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(end))
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
  const files = FOLDERS.flatMap((folder) => sources(folder));
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
  const files = FOLDERS.flatMap((folder) => sources(folder));
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
  const files = [...folders.flatMap((folder) => sources(folder)), ...sources('sql', '.sql')].filter(
    (file) => file !== 'contracts/channel-kinds.ts',
  );
  expect(files.filter((file) => asked.test(readFileSync(path.join(packageRoot(), file), 'utf8')))).toEqual([]);
  expect(asked.test(`if (channel.kind !== 'line') return;`)).toBe(true);
});

/** Of `workflows/earlier` runs of an older build live on by their old course; nothing new comes there, and it goes as it is. */
const KEPT_CIRCLE = ['workflows/deliver-channel.ts', 'workflows/earlier/deliver-channel.ts'];

/** Groups of files that import each other, types counted. */
function circles(imports: Map<string, string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    open.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const group = open.splice(open.indexOf(file));
    if (group.length > 1) found.push(group.sort());
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return found;
}

// In tests a world and who looks at it know each other.
test('no files of the product import each other in a circle', () => {
  const product = FOLDERS.filter((folder) => folder !== 'tests').flatMap((folder) => sources(folder));
  const imports = new Map(
    product.map((file) => [
      file,
      importsOf(file, readFileSync(path.join(packageRoot(), file), 'utf8')).map(({ to }) => to),
    ]),
  );
  expect(circles(imports)).toEqual([KEPT_CIRCLE]);
  expect(
    circles(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['a', 'd']],
        ['d', []],
      ]),
    ),
  ).toEqual([['a', 'b', 'c']]);
});

test('every file that a comment names exists', () => {
  const files = [
    ...FOLDERS.flatMap((folder) => sources(folder)),
    ...sources('sql', '.sql'),
    ...FOLDERS.flatMap((folder) => sources(folder, '.sql')),
  ];
  const known = new Set([...files, ...readdirSync(path.join(packageRoot(), 'docs'), { recursive: true }).map(String)]);
  const names = new Set([...known].map((file) => path.basename(file)));
  const missing = FOLDERS.filter((folder) => folder !== 'tests')
    .flatMap((folder) => sources(folder))
    .flatMap((file) => {
      const comments = readFileSync(path.join(packageRoot(), file), 'utf8').match(/\/\/.*|\/\*[\s\S]*?\*\//g) ?? [];
      const named = comments.flatMap((text) => text.match(/(?<![\w.*/-])\w[\w/.-]*\.(?:ts|sql|md)\b/g) ?? []);
      return named.filter((name) => !names.has(path.basename(name))).map((name) => `${file}: ${name}`);
    });
  expect(missing).toEqual([]);
});

/** Rooms of pipelines in the order in which they may import each other: only what stands before. Others have yet to find their place. */
const ROOMS = ['values', 'channels', 'source', 'staging'];

test('rooms of pipelines import only rooms before them', () => {
  const wrong = sources('pipelines').flatMap((file) => {
    const room = file.split('/')[1]!;
    if (!ROOMS.includes(room)) return [];
    return importsOf(file, readFileSync(path.join(packageRoot(), file), 'utf8'))
      .map(({ to }) => to.split('/'))
      .filter(
        ([top, other]) =>
          top === 'pipelines' && other !== room && !ROOMS.slice(0, ROOMS.indexOf(room)).includes(other!),
      )
      .map(([, other]) => `${file} -> ${other}`);
  });
  expect(wrong).toEqual([]);
});
