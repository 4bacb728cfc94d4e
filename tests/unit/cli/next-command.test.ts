// Commands are named to people as they can be pasted, and nothing else of the text changes.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asTyped, nextCommand } from '../../../cli/next-command.ts';

let before: string | undefined;
beforeEach(() => (before = process.env['npm_command']));
afterEach(() => {
  if (before === undefined) delete process.env['npm_command'];
  else process.env['npm_command'] = before;
});

test('through npx, commands are named with npx, once; the word alone is left as it is', () => {
  process.env['npm_command'] = 'exec';
  expect(asTyped('Start it with: sluice broadcast start 7.')).toBe('Start it with: npx sluice broadcast start 7.');
  expect(asTyped('"sluice doctor" says; npx sluice doctor')).toBe('"npx sluice doctor" says; npx sluice doctor');
  expect(asTyped('the sluice gate of /opt/sluice dev')).toBe('the sluice gate of /opt/sluice dev');
  expect(nextCommand({ dataDir: 'a b' }, 'broadcast start 7')).toBe("npx sluice broadcast start 7 --data-dir 'a b'");
});

test('called by itself, it names itself', () => {
  delete process.env['npm_command'];
  expect(asTyped('sluice broadcast start 7')).toBe('sluice broadcast start 7');
  expect(nextCommand({}, 'broadcast start 7')).toBe('sluice broadcast start 7');
});
