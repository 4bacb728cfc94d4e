// The command to type next, as it can be pasted: by the way this one was called, and for the same data folder.
import type { SharedOptions } from './session.ts';

/** Text for people with its commands as they can be pasted: called through npx, `sluice` alone is not found. */
export function asTyped(text: string): string {
  if (process.env['npm_command'] !== 'exec') return text;
  return text.replace(/(?<![\w/.@-])(?<!npx )sluice (?=[a-z]|$)/g, 'npx sluice ');
}

/** `rest` is what follows `sluice`. */
export function nextCommand(options: SharedOptions, rest: string): string {
  const folder = options.dataDir === undefined ? '' : ` --data-dir ${quoted(options.dataDir)}`;
  const config = options.config === undefined ? '' : ` --config ${quoted(options.config)}`;
  return `${asTyped('sluice ')}${rest}${folder}${config}`;
}

function quoted(text: string): string {
  return /^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
