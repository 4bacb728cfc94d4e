// Reads a page as strictly as XML is read, so that a tag left open or a quote that got through is seen. Void elements are HTML's.
const VOID = new Set(['meta', 'br', 'hr', 'link', 'img']);
const TAG = /^<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>/;
const ENTITY = /&(?!#\d+;|amp;|lt;|gt;|quot;)/;

export interface MarkupElement {
  name: string;
  attributes: Record<string, string>;
}

/** All elements in order. @throws with the place where the text is not well-formed */
export function elementsOf(markup: string): MarkupElement[] {
  const found: MarkupElement[] = [];
  const open: string[] = [];
  let rest = markup.replace(/^<!doctype html>\s*/, '');
  while (rest.length > 0) {
    if (!rest.startsWith('<')) {
      const end = rest.indexOf('<');
      const text = end < 0 ? rest : rest.slice(0, end);
      if (ENTITY.test(text)) throw new Error(`a bare & in: ${text.slice(0, 80)}`);
      if (open.length === 0 && text.trim() !== '') throw new Error(`text outside: ${text.slice(0, 80)}`);
      rest = rest.slice(text.length);
      continue;
    }
    const tag = TAG.exec(rest);
    if (!tag) throw new Error(`no tag: ${rest.slice(0, 80)}`);
    rest = rest.slice(tag[0].length);
    const [, closing, name, attributes, empty] = tag as unknown as [string, string, string, string, string];
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing before: ${rest.slice(0, 80)}`);
      continue;
    }
    found.push({ name, attributes: attributesOf(attributes) });
    if (name === 'style') rest = rest.slice(rest.indexOf('</style>'));
    if (!empty && !VOID.has(name)) open.push(name);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(' ')}`);
  return found;
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, name, value = '']) => [name!, value] as const);
  const attributes = Object.fromEntries(pairs);
  if (Object.keys(attributes).length < pairs.length) throw new Error(`an attribute twice: ${text.slice(0, 80)}`);
  for (const value of Object.values(attributes)) if (ENTITY.test(value)) throw new Error(`a bare & in: ${value}`);
  return attributes;
}
