// The command to type next, as it can be pasted: by the way this one was called, and for the same data folder.
import type { SharedOptions } from './session.ts';

/** First words of commands that are named to people; only these, since a message that is shown may hold the word as well. */
const NAMED =
  'bench|broadcast|channels|contacts|dev|doctor|explain|import|inspect|lake|migrate|schedules|simulate|suppressions|tags|worker';
const BARE = new RegExp(`(?<![\\w/.@-])(?<!npx )sluice (?=(?:${NAMED})\\b)`, 'g');

/** Text for people with its commands as they can be pasted: called through npx, `sluice` alone is not found. */
export function asTyped(text: string): string {
  if (process.env['npm_command'] !== 'exec') return text;
  return text.replace(BARE, 'npx sluice ');
}

/** `rest` is what follows `sluice`. */
export function nextCommand(options: SharedOptions, rest: string): string {
  const folder = options.dataDir === undefined ? '' : ` --data-dir ${quoted(options.dataDir)}`;
  const config = options.config === undefined ? '' : ` --config ${quoted(options.config)}`;
  return `${asTyped(`sluice ${rest}`)}${folder}${config}`;
}

function quoted(text: string): string {
  return /^[\w./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
