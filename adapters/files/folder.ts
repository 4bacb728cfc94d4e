// A folder that holds files of one kind: they come into it whole, are sealed, linked and removed by name.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import path from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface FolderEntry {
  name: string;
  ageMs: number;
}

export interface SealedFile {
  bytes: number;
  /** Hex SHA-256. */
  sha256: string;
}

/** Names are relative to the folder; those that others may see half-written begin with a dot. */
export interface Folder {
  /** The whole path, for programs that open files by themselves. */
  at(name: string): string;
  /** Makes a folder below, and all above it. */
  make(name: string): Promise<void>;
  /** What lies in the folder, or in one below; empty when there is none. Files and folders alike. */
  list(name?: string): Promise<FolderEntry[]>;
  /** Removes a file or a folder with all that is in it; harmless when there is none. */
  remove(name: string): Promise<void>;
  /** One step: others see the old or the new. */
  rename(from: string, to: string): Promise<void>;
  /** The same file under a second name; a copy where the disk knows no second names. Replaces what is there. */
  alias(from: string, to: string): Promise<void>;
  /** Puts a file safely onto the disk, for the owner alone to read, and takes its fingerprint. */
  seal(name: string): Promise<SealedFile>;
  /** The fingerprint alone; null when there is no such file. */
  fingerprint(name: string): Promise<SealedFile | null>;
  /** A stream into a new file. */
  sink(name: string): Writable;
  /** The whole file or none; replaces one that is there. */
  write(name: string, text: string | AsyncIterable<string>): Promise<void>;
  /** The text of a file, or null when there is none. */
  read(name: string): Promise<string | null>;
  /** Points the link `name` to `target`, a name beside it, in one step. */
  link(name: string, target: string): Promise<void>;
  /** What a link points to, or null. */
  linked(name: string): Promise<string | null>;
}

/** Opens nothing; the folder is made when something comes into it. What lies in it is readable by the owner alone. */
export function folderAt(root: string): Folder {
  const at = (name: string) => path.join(root, name);
  const makeFor = (file: string) => mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  return {
    at,
    make: async (name) => void (await mkdir(at(name), { recursive: true, mode: 0o700 })),
    list: (name = '.') => entries(at(name)),
    remove: (name) => rm(at(name), { recursive: true, force: true }),
    rename: async (from, to) => {
      await makeFor(at(to));
      await rename(at(from), at(to));
    },
    alias: async (from, to) => {
      await makeFor(at(to));
      await rm(at(to), { force: true });
      await link(at(from), at(to)).catch(() => copyFile(at(from), at(to)));
    },
    seal: async (name) => {
      await chmod(at(name), 0o600);
      const file = await open(at(name), 'r');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      return sealed(at(name));
    },
    fingerprint: (name) => sealed(at(name)).catch(nullWhenMissing),
    sink: (name) => createWriteStream(at(name), { mode: 0o600 }),
    write: async (name, text) => {
      const target = at(name);
      const draft = path.join(path.dirname(target), `.${randomUUID()}.draft`);
      await makeFor(target);
      try {
        const source = typeof text === 'string' ? [text] : text;
        await pipeline(Readable.from(source), createWriteStream(draft, { mode: 0o600, flush: true }));
        await rename(draft, target);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    read: (name) => readFile(at(name), 'utf8').catch(nullWhenMissing),
    link: async (name, target) => {
      const draft = at(path.join(path.dirname(name), `.${randomUUID()}.link`));
      await symlink(target, draft);
      await rename(draft, at(name));
    },
    linked: (name) => readlink(at(name)).catch(nullWhenMissing),
  };
}

async function sealed(file: string): Promise<SealedFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function entries(folder: string): Promise<FolderEntry[]> {
  const names = await readdir(folder).catch(nullWhenMissing);
  const found: FolderEntry[] = [];
  for (const name of names ?? []) {
    // It may have been removed since.
    const facts = await stat(path.join(folder, name)).catch(nullWhenMissing);
    if (facts) found.push({ name, ageMs: Date.now() - facts.mtimeMs });
  }
  return found;
}

function nullWhenMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}
