// The command to type next, as it can be pasted: by the way this one was called, and for the same data folder.
import type { SharedOptions } from './session.ts';

/** `rest` is what follows `sluice`. */
export function nextCommand(options: SharedOptions, rest: string): string {
  const program = process.env['npm_command'] === 'exec' ? 'npx sluice' : 'sluice';
  const folder = options.dataDir === undefined ? '' : ` --data-dir ${quoted(options.dataDir)}`;
  const config = options.config === undefined ? '' : ` --config ${quoted(options.config)}`;
  return `${program} ${rest}${folder}${config}`;
}

function quoted(text: string): string {
  return /^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
