// Reading a file by position, and writing one whole or not at all. Knows nothing of what is in it.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PipelineError } from '../../contracts/pipeline-error.ts';

export interface OpenFile {
  /** Reads at a position; gives the number of bytes, 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens a file that an earlier step wrote. @throws PipelineError `spool_missing` when this machine does not see it */
export async function openFile(file: string): Promise<OpenFile> {
  try {
    const handle = await open(file, 'r');
    return {
      read: async (buffer, position) => (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
      close: () => handle.close(),
    };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new PipelineError('spool_missing', `The spooled file ${path.basename(file)} is not there.`, {
      hint: 'Every worker must see the same data folder; start the import of the original file again.',
      cause,
    });
  }
}

/**
 * Writes `text` to `<folder>/<name>` under a temporary name first: a reader sees the whole file or none. Only the owner may
 * read it, since it may hold contact data. Writing it again replaces it. Gives the path.
 */
export async function writeWhole(folder: string, name: string, text: AsyncIterable<string>): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = path.join(folder, name);
  const draft = `${target}.${randomUUID()}.draft`;
  try {
    await pipeline(Readable.from(text), createWriteStream(draft, { mode: 0o600, flush: true }));
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return target;
}
