// One line of JSON Lines to the texts of its values. Numbers keep the digits they were written with: an id of 17 digits is
// not a number that JavaScript can hold.
const NUL = '\0';

/** The object of a line, or null when the line is none. */
export function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null; // SyntaxError is how JSON says so.
  }
}

/** The text of a value: '' for null or none, null for a list or an object. `line` is where an unsafe number is read again. */
export function textOf(object: Record<string, unknown>, key: string, line: string): string | null {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  if (typeof value === 'string') return value.includes(NUL) ? value.replaceAll(NUL, '') : value;
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return null;
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? (writtenNumber(line, key) ?? String(value))
    : String(value);
}

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\]:,]|true|false|null/g;

/** The number as it stands in the line for that key of the outer object; the last one counts, as in JSON.parse. */
export function writtenNumber(line: string, key: string): string | null {
  let depth = 0;
  let name: string | null = null;
  let afterColon = false;
  let found: string | null = null;
  for (const [token] of line.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth !== 1) continue;
    else if (token === ':') afterColon = true;
    else if (token === ',') afterColon = false;
    else if (!afterColon) name = token.startsWith('"') ? (JSON.parse(token) as string) : null;
    else if (name === key) found = /^-?\d+$/.test(token) ? token : null;
  }
  return found;
}
