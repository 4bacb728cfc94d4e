// What is done to the SVG text that the library gives: texts of the data put in, colours named, everything that varies taken out.
import { format } from 'echarts/core';
import { charactersOf } from '../../contracts/characters.ts';
import type { Plot, PlotItem } from '../../ports/plots.ts';
import { wholeNumber } from './number-text.ts';

/** Stand for what a colour means. The page says what they are, in light and in dark; alone they are what they seem. */
export const ROLES = {
  ink: '#24292f',
  muted: '#6b7280',
  grid: '#e2e5ea',
  bar: '#3b6fd4',
  area: '#dbe6fb',
  rise: '#2f8f5b',
  fall: '#c2513d',
} as const;

export function finishedSvg(
  svg: string,
  plot: Plot,
  { height, labelPixels }: { height: number; labelPixels: number },
): string {
  return (
    svg
      // Hovering rules are numbered through the life of the process, and nothing here reacts to hovering.
      .replace(/<style\b[^>]*>[\s\S]*?<\/style>/g, '')
      .replace(/ class="zr[^"]*"/g, '')
      // Clips are numbered likewise, and nothing here reaches beyond its plot.
      .replace(/<defs\b[^>]*>[\s\S]*?<\/defs>/g, '')
      .replace(/ clip-path="[^"]*"/g, '')
      .replace(/ (?:pointer-events|version|baseProfile|xmlns:xlink)="[^"]*"/g, '')
      .replace(/^<svg [^>]*>/, () => root(plot, height))
      .replace(/<rect [^>]*fill="none"[^>]*><\/rect>/, '')
      .replace(
        /<path ([^>]*?) ecmeta_series_index="0" ecmeta_data_index="(\d+)"[^>]*?><\/path>/g,
        (_, rest: string, index) => `<path ${rest}><title>${tip(plot.items[Number(index)]!)}</title></path>`,
      )
      .replace(/ ecmeta_\w+="[^"]*"/g, '')
      .replace(/ (fill|stroke)="(#[0-9a-f]{6})"/g, (whole, property: string, colour: string) => {
        const role = Object.entries(ROLES).find(([, value]) => value === colour)?.[0];
        return role ? ` ${property}="var(--plot-${role}, ${colour})"` : whole;
      })
      .replace(/(<text [^>]*>)@(\d+)@<\/text>/g, (_, open: string, index) => {
        const { label } = plot.items[Number(index)]!;
        const short = shortened(label, labelPixels);
        const title = short === label ? '' : `<title>${markup(label)}</title>`;
        return `${open}${markup(short)}${title}</text>`;
      })
      .replace(/\n+/g, '\n')
  );
}

function root({ width, description }: Plot, height: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${markup(description)}">`;
}

function tip({ label, value, note }: PlotItem): string {
  return markup(`${label}: ${wholeNumber(value)}${note ? ` (${note})` : ''}`);
}

/** As much of the text as fits, and … when that is not all. Never cuts a character in two. */
function shortened(text: string, pixels: number): string {
  let used = 0;
  let kept = '';
  for (const character of charactersOf(text.slice(0, MOST_LOOKED_AT))) {
    used += widthOf(character);
    if (used > pixels) return `${kept.trimEnd()}…`;
    kept += character;
  }
  return text.length > MOST_LOOKED_AT ? `${kept}…` : kept;
}

function widthOf(character: string): number {
  if (/^[\u0020-\u024f]/.test(character)) return PIXELS.letter;
  return /\p{Extended_Pictographic}/u.test(character) ? PIXELS.emoji : PIXELS.wide;
}

/** Labels are shortened by these widths, those of wide fonts: too small, and labels are cut off at the edge of the plot. */
const PIXELS = { letter: 7.3, wide: 12.4, emoji: 17 };
/** More than any label has room for, unless its characters are without width. */
const MOST_LOOKED_AT = 1_000;

/** Text as markup. Control characters are not allowed in a page; they show as what they are, strange. */
function markup(text: string): string {
  return format.encodeHTML(
    text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '\ufffd'),
  );
}
