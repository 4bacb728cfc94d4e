// A file as `sluice inspect` looks at it: a copy of its own that goes again, and the shape of its table; an empty one has a shape too.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { openFile } from '../adapters/files/open-file.ts';
import { spoolFile } from '../adapters/files/spool.ts';
import type { ChannelKind } from '../contracts/channel-kinds.ts';
import { PipelineError } from '../contracts/pipeline-error.ts';
import type { InspectSource } from '../pipelines/import/inspect-file.ts';
import { emptyShape, readTableShape, type TableShape } from '../pipelines/source/table-shape.ts';

export interface SourceOptions {
  encoding?: string;
  delimiter?: string;
  quote?: string;
  kind: ChannelKind;
}

export interface InspectedSource extends InspectSource {
  lostCharacters: number;
  /** What an import would say, when the file holds no table. */
  empty: PipelineError | null;
}

type Work<T> = (source: InspectedSource, shape: TableShape) => Promise<T>;

/** What a person declared of how a file is written. */
export const declared = (options: SourceOptions) => ({
  channelKind: options.kind,
  delimiter: options.delimiter ?? null,
  quote: options.quote ?? null,
});

/**
 * Spools a file into a temporary folder, looks at its shape, and hands both on; the folder goes again. A file without a table is
 * an empty one. Throws what `spoolFile` and `readTableShape` throw of any other.
 */
export async function withTable<T>(file: string, options: SourceOptions, work: Work<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-inspect-'));
  try {
    const spooled = await spoolFile({
      path: path.resolve(file),
      spoolDir: folder,
      ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
    }).catch((error: unknown) => {
      if (error instanceof PipelineError && error.code === 'file_empty') return error;
      throw error;
    });
    return spooled instanceof PipelineError
      ? await withoutTable(spooled, String(spooled.details['encoding']), work)
      : await withSpool(spooled, options, work);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withSpool<T>(
  { path: spool, bytes, encoding, lostCharacters }: Awaited<ReturnType<typeof spoolFile>>,
  options: SourceOptions,
  work: Work<T>,
): Promise<T> {
  const reader = await openFile(spool);
  try {
    const source = { reader, bytes, encoding, lostCharacters, empty: null };
    const shape = await readTableShape(source, declared(options)).catch((error: unknown) => {
      // Blank lines up to the end of the file, not only as far as it was looked at.
      if (error instanceof PipelineError && error.code === 'file_blank' && error.details['whole'] === true)
        return error;
      throw error;
    });
    return shape instanceof PipelineError ? await withoutTable(shape, encoding, work) : await work(source, shape);
  } finally {
    await reader.close();
  }
}

function withoutTable<T>(empty: PipelineError, encoding: string, work: Work<T>): Promise<T> {
  const reader = { read: () => Promise.resolve(0) };
  const source = { reader, bytes: 0, encoding, lostCharacters: 0, empty };
  return work(source, emptyShape(Number(empty.details['blank'] ?? 0)));
}
