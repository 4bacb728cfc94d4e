// Reads a source file from its beginning, unzipping gzip on the way. Decodes nothing and writes nothing.
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { isGzip } from './binary-file.ts';

/** Read at a time. Lower costs system calls; higher memory and slower cancelling. */
const PIECE_BYTES = 256 * 1024;

export interface SourceRequest {
  path: string;
  signal?: AbortSignal;
  /** Told the bytes of the source read so far (packed bytes for gzip). */
  onProgress?: (sourceBytes: number) => void;
}

/** Size of the source in bytes. Throws `file_missing`, `file_unreadable` (a folder too) or `file_empty`. */
export async function sourceSize(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fileProblem(path, cause);
  });
  if (found.isDirectory()) {
    throw new PipelineError('file_unreadable', `“${path}” is a folder, not a file.`, { hint: 'Name one file in it.' });
  }
  if (found.size === 0 && found.isFile()) throw fileEmpty(path);
  return found.size;
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(3);
  try {
    const handle = await open(path, 'r');
    await handle.read(bytes, 0, bytes.length, 0).finally(() => handle.close());
  } catch (cause) {
    throw fileProblem(path, cause);
  }
  return bytes;
}

/**
 * The pieces of the source in order, unzipped when they are gzip (by magic number, not by name). Constant memory; end
 * it with `return()` to close the file. Throws `file_missing`, `file_unreadable`, `file_corrupt` (damaged gzip), or the
 * signal's reason.
 */
export async function* sourcePieces(request: SourceRequest): AsyncGenerator<Buffer, void> {
  const packed = isGzip(await firstBytes(request.path));
  const source = createReadStream(request.path, { highWaterMark: PIECE_BYTES });
  const pieces = packed ? pipeline(source, createGunzip({ chunkSize: PIECE_BYTES }), () => undefined) : source;
  try {
    for await (const piece of pieces) {
      request.signal?.throwIfAborted();
      yield piece as Buffer;
      request.onProgress?.(source.bytesRead);
    }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (packed && code.startsWith('Z_')) {
      throw new PipelineError('file_corrupt', `The gzip file “${request.path}” is damaged or cut off.`, {
        hint: 'Export or copy it again.',
        cause,
      });
    }
    throw code.startsWith('E') && !code.startsWith('ERR') ? fileProblem(request.path, cause) : cause;
  } finally {
    source.destroy();
  }
}

/** The error for a source without a byte of text; `encoding`: what its byte order mark says. */
export function fileEmpty(path: string, encoding = 'utf-8'): PipelineError {
  return new PipelineError('file_empty', `The file “${path}” is empty.`, {
    hint: 'Export it again.',
    details: { encoding },
  });
}

/** The PipelineError for what the file system said about a path. */
function fileProblem(path: string, cause: unknown): PipelineError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new PipelineError('file_missing', `There is no file “${path}”.`, {
      hint: 'Check the path and its spelling.',
      cause,
    });
  }
  return new PipelineError('file_unreadable', `The file “${path}” cannot be read (${code}).`, {
    hint: 'Check that it is a file and that this user may read it.',
    cause,
  });
}
