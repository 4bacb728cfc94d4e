// A folder of the local disk.
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
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Folder, FolderEntry, SealedFile } from '../../ports/folder.ts';

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
