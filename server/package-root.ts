// Says where this installation lies, whether it runs from the sources (tests) or from dist/. Knows nothing else.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of Sluice's own package.json: absolute, the same on every call. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** The compiled entry of the command line; it exists only after `npm run build`. */
export function builtCli(): string {
  return join(packageRoot(), 'dist', 'cli', 'main.js');
}
