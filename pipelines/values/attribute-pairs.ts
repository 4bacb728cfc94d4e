// One cell that holds several attributes: a JSON object, as our own export writes it, or `name=value; name=value`. Knows no types.

const SEPARATORS = /[;；\n]/;
const EQUALS = /[=＝:：]/;

/**
 * Name to value, in the order of the cell; a name without a value has an empty one, JSON's null is left out. Null: the cell has neither
 * form, or a value is a list or an object. Pure.
 */
export function attributePairs(cell: string): Map<string, string> | null {
  const text = cell.trim();
  return text.startsWith('{') ? ofJson(text) : ofPairs(text);
}

function ofJson(text: string): Map<string, string> | null {
  let object: object;
  try {
    object = JSON.parse(text) as object;
  } catch {
    return null;
  }
  const pairs = new Map<string, string>();
  for (const [name, value] of Object.entries(object) as [string, unknown][]) {
    if (value === null) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null;
    pairs.set(name.trim(), String(value));
  }
  return pairs;
}

function ofPairs(text: string): Map<string, string> | null {
  const pairs = new Map<string, string>();
  for (const part of text.split(SEPARATORS)) {
    if (part.trim() === '') continue;
    const at = part.search(EQUALS);
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (name === '') return null;
    pairs.set(name, part.slice(at + 1).trim());
  }
  return pairs;
}
