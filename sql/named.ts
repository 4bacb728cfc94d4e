// Loads the named statements of sql/postgres/*.sql and sql/duckdb/*.sql. A file is a list of `-- name: x` blocks; a missing or an unused name
// fails at start, so that text and code cannot drift apart.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder sql/ of this package, found from the source tree and from dist/ alike. */
export function sqlFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('sql/ was not found: no package.json above the running code');
    folder = parent;
  }
  return path.join(folder, 'sql');
}

/** Splits the text of a statements file into name and text. Exported for its test. */
export function parseStatements(text: string, file: string): Map<string, string> {
  const statements = new Map<string, string>();
  for (const block of text.split(/^-- name: */m).slice(1)) {
    const end = block.indexOf('\n');
    const name = block.slice(0, end).trim();
    if (statements.has(name)) throw new Error(`${file}: statement "${name}" stands there twice`);
    statements.set(
      name,
      block
        .slice(end + 1)
        .trim()
        .replace(/;$/, ''),
    );
  }
  return statements;
}

/**
 * The statements of `sql/<folder>/<file>.sql`, by name. `names` must be exactly the names in the file.
 * Reads the file at each call; call it once, at module level.
 */
export function namedStatements<const Name extends string>(
  file: string,
  names: readonly Name[],
  folder: 'postgres' | 'duckdb' = 'postgres',
): Record<Name, string> {
  const found = parseStatements(readFileSync(path.join(sqlFolder(), folder, `${file}.sql`), 'utf8'), file);
  const unknown = names.filter((name) => !found.has(name));
  const unused = [...found.keys()].filter((name) => !(names as readonly string[]).includes(name));
  if (unknown.length > 0 || unused.length > 0)
    throw new Error(
      `sql/${folder}/${file}.sql: missing ${unknown.join(', ') || '-'}; unused ${unused.join(', ') || '-'}`,
    );
  return Object.fromEntries(found) as Record<Name, string>;
}

/**
 * Puts identifiers into a statement: `{{key}}` becomes the value given for `key`, quoted.
 * The only way a name, never a value, gets into SQL text.
 */
export function withIdentifiers(statement: string, identifiers: Record<string, string>): string {
  return statement.replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const identifier = identifiers[key];
    if (identifier === undefined) throw new Error(`no identifier was given for {{${key}}}`);
    return quoteIdentifier(identifier);
  });
}

/** An SQL identifier, quoted so that any text is safe. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0') || name.length === 0) throw new Error('an SQL identifier cannot be empty or hold a NUL');
  return `"${name.replaceAll('"', '""')}"`;
}

/** A value that can stand in a statement of DuckDB where it takes no parameter: paths above all. */
export type Literal = string | number | bigint | readonly string[];

/**
 * Puts literals into a statement of DuckDB: `{{=name}}` becomes the value given for `name`, quoted; a list becomes `['a', 'b']`.
 * For what cannot be a parameter there (COPY … TO, lists of files). Postgres statements take parameters.
 */
export function withLiterals(statement: string, values: Record<string, Literal>): string {
  return statement.replace(/\{\{=(\w+)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`no value was given for {{=${key}}}`);
    return quoteLiteral(value);
  });
}

/** A literal of DuckDB, quoted so that any text is safe; a list of texts as a list. */
export function quoteLiteral(value: Literal): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new Error('a number must be a safe integer');
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'string') return `[${value.map(quoteLiteral).join(', ')}]`;
  if (value.includes('\0')) throw new Error('an SQL literal cannot hold a NUL');
  return `'${value.replaceAll("'", "''")}'`;
}
