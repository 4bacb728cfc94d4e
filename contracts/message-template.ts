// A message with {{parameter}} places: which there are, and how they are filled. Pure; used when a plan is made and when
// a worker sends.

const PLACE = /\{\{\s*([^{}]+?)\s*\}\}/g;

/** The names of all places of a message, in order of appearance, each once. Keys of objects are not looked at. */
export function placesOf(message: unknown): string[] {
  const names = new Set<string>();
  visit(message, (text) => {
    for (const [, name] of text.matchAll(PLACE)) names.add(name!);
  });
  return [...names];
}

function visit(value: unknown, onText: (text: string) => void): void {
  if (typeof value === 'string') onText(value);
  else if (Array.isArray(value)) value.forEach((item) => visit(item, onText));
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach((item) => visit(item, onText));
}

/** Fills a message: JSON text, ready to be sent. `values` in the order of `names`. */
export type Renderer = (values: readonly string[]) => string;

/**
 * Compiles a message once; the function it gives only joins texts. A value is text, whatever it looks like: quotes, braces
 * and line breaks in it stay text. Names that are not in `names` throw.
 */
export function compileMessage(message: unknown, names: readonly string[]): Renderer {
  const text = JSON.stringify(message);
  const parts: string[] = [];
  const places: number[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACE)) {
    // Names were JSON-escaped with everything else.
    const name = JSON.parse(`"${match[1]!}"`) as string;
    const index = names.indexOf(name);
    if (index === -1) throw new Error(`no value for the place {{${name}}}`);
    parts.push(text.slice(from, match.index));
    places.push(index);
    from = match.index + match[0].length;
  }
  const tail = text.slice(from);
  if (places.length === 0) return () => text;
  return (values) => {
    let out = '';
    for (let i = 0; i < places.length; i++) out += parts[i]! + escaped(values[places[i]!] ?? '');
    return out + tail;
  };
}

function escaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}
