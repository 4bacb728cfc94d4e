// A report as one HTML file: no script, no network, light and dark, on paper and on a phone. The page and its parts.
import { charactersOf } from '../../contracts/characters.ts';
import { PAGE_STYLE } from './page-style.ts';

/** Markup that needs no more escaping: only the functions of this file make it. */
export type Html = string & { readonly html: true };

const html = (text: string): Html => text as Html;

/** Text of people, as markup. Control characters are not allowed in a page. */
export function escaped(text: string): Html {
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '\ufffd');
  return html(clean.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`));
}

/** Parts, one after the other. */
export function together(...parts: (Html | null)[]): Html {
  return html(parts.filter((part) => part !== null).join('\n'));
}

export interface Page {
  title: string;
  /** Under the title: one sentence on what this is. */
  lead: string;
  /** Links to the sections, shown when there are several. */
  sections: { id: string; title: string; body: Html }[];
  before: Html | null;
  footer: string;
}

/** Whatever the parts hold, this page runs no script, loads nothing and sends nothing. Its own style is the one thing allowed. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export function page({ title, lead, sections, before, footer }: Page): string {
  const links = sections.map(({ id, title: name }) => `<a href="#${escaped(id)}">${escaped(name)}</a>`);
  const bodies = sections.map(
    ({ id, title: name, body }) => `<section id="${escaped(id)}">\n<h2>${escaped(name)}</h2>\n${body}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(lead)}</p>
</header>
${links.length > 1 ? `<nav aria-label="Sections">${links.join('')}</nav>` : ''}
<main>
${before ?? ''}
${bodies.join('\n')}
</main>
<footer>${escaped(footer)}</footer>
</body>
</html>
`;
}

/** Names and values, in two columns. */
export function facts(entries: [string, string][]): Html {
  const rows = entries.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`);
  return html(`<dl class="facts">${rows.join('')}</dl>`);
}

/** The few numbers that a reader came for. */
export function keyFigures(entries: { name: string; value: string; note?: string }[]): Html {
  const cards = entries.map(
    ({ name, value, note }) =>
      `<div><span>${escaped(name)}</span><strong>${escaped(value)}</strong>${note ? `<small>${escaped(note)}</small>` : ''}</div>`,
  );
  return html(`<div class="figures">${cards.join('')}</div>`);
}

/** In CSS pixels of the column. A phone gets a plot of its own, since a shrunk one has letters nobody reads. */
const PLOT_WIDTHS = { wide: 820, narrow: 340 };

/**
 * A plot with what it shows above, and how to read it below. `draw` gives the SVG for a width; `numbers` is the same as a
 * table, folded away, for those who do not see plots or want to copy: null when a table stands nearby anyway.
 */
export function plot({
  title,
  caption,
  draw,
  numbers = null,
}: {
  title: string;
  caption: string;
  draw: (width: number) => string;
  numbers?: Html | null;
}): Html {
  const drawings = Object.entries(PLOT_WIDTHS).map(([name, width]) => `<div class="${name}">${draw(width)}</div>`);
  const folded = numbers === null ? '' : `<details><summary>As a table</summary>\n${numbers}\n</details>\n`;
  return html(
    `<figure>\n<h3>${escaped(title)}</h3>\n${drawings.join('\n')}\n<figcaption>${escaped(caption)}</figcaption>\n${folded}</figure>`,
  );
}

export interface Column {
  name: string;
  /** Numbers stand to the right. */
  numbers?: boolean;
}

/** Cells as text, the first of a row names it; null is shown as a dash. Long text is shortened, and there in full when pointed at. */
export function table(columns: Column[], rows: (string | null)[][]): Html {
  const aligned = (index: number) => (columns[index]?.numbers ? ' class="number"' : '');
  const head = columns.map(({ name }, index) => `<th scope="col"${aligned(index)}>${escaped(name)}</th>`).join('');
  const cell = (text: string | null, index: number) =>
    index === 0 ? `<th scope="row">${cellOf(text)}</th>` : `<td${aligned(index)}>${cellOf(text)}</td>`;
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return html(
    `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join('\n')}\n</tbody>\n</table></div>`,
  );
}

/** Longer text makes one row as high as a screen. */
const LONGEST_CELL = 80;

function cellOf(text: string | null): Html {
  if (text === null) return html('–');
  const characters = charactersOf(text);
  const short = characters.slice(0, LONGEST_CELL).join('');
  if (short === text) return html(`<bdi>${escaped(text)}</bdi>`);
  return html(`<bdi title="${escaped(text)}">${escaped(short)}…</bdi>`);
}

/** Something that a reader must know before believing the numbers. */
export function warning(text: string): Html {
  return html(`<p class="warning" role="note">${escaped(text)}</p>`);
}

/** Over a part that has no title of its own. */
export function heading(text: string): Html {
  return html(`<h3 class="part">${escaped(text)}</h3>`);
}

export function paragraph(text: string): Html {
  return html(`<p>${escaped(text)}</p>`);
}

/** Small print: checksums, ids. */
export function fingerprint(text: string): Html {
  return html(`<p class="fingerprint">${escaped(text)}</p>`);
}
