// How commands speak: one JSON document or a table on stdout, everything else on stderr, progress on a terminal only.

import { asTyped } from './next-command.ts';

/** Prints the answer of a command: as JSON when asked, else by `render`. */
export function answer<T>(options: { json?: boolean }, value: T, render: (value: T) => string): void {
  console.log(options.json ? JSON.stringify(value, null, 2) : asTyped(render(value)));
}

/** A word to the person, never on stdout. */
export function say(text: string): void {
  console.error(asTyped(text));
}

/** A line that rewrites itself on a terminal, and says nothing when stderr is piped. */
export function progressLine(): { show(text: string): void; end(): void } {
  const terminal = process.stderr.isTTY;
  let shown = false;
  return {
    show: (text) => {
      if (!terminal) return;
      const width = process.stderr.columns || 80;
      process.stderr.write(`\r\u001b[K${text.slice(0, width - 1)}`);
      shown = true;
    },
    end: () => {
      if (shown) process.stderr.write('\r\u001b[K');
      shown = false;
    },
  };
}

/** `1 line`, `2 lines`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Rows as columns padded to their widest cell; numbers to the right. Wide (CJK) characters count two. */
export function table(headers: string[], rows: (string | number | null)[][]): string {
  const cells = [headers, ...rows.map((row) => row.map((cell) => (cell === null ? '' : String(cell))))];
  const widths = headers.map((_, column) => Math.max(...cells.map((row) => displayWidth(row[column] ?? ''))));
  const right = headers.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) => {
          const gap = ' '.repeat(widths[column]! - displayWidth(cell));
          return right[column] ? gap + cell : cell + gap;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function displayWidth(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1;
  return width;
}
