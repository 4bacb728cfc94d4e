// `npm start`: from a fresh clone to the running product: install, build, then `sluice demo` with the arguments given.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, requireNode, root, runAndForward } from './steps.mjs';

requireNode();
if (!ensureInstalled() || !ensureBuilt()) process.exit(1);
const code = await runAndForward(process.execPath, [
  join(root, 'dist', 'cli', 'main.js'),
  'demo',
  ...process.argv.slice(2),
]);
process.exit(code);
