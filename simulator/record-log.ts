// Append-only lines in a file, or in memory when there is no folder. Whoever kills the process loses no flushed line.
import { closeSync, createReadStream, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { PipelineError } from '../contracts/pipeline-error.ts';

export interface RecordLog {
  /** `line` ends with a line feed and is plain ASCII. Kept until the flush. */
  append(line: string): void;
  /** One write for all that was appended. */
  flush(): void;
  /** The flushed lines without header and line feed, a block at a time so that nobody waits long meanwhile. */
  blocks(): AsyncGenerator<string[]>;
  close(): void;
}

/** Read at once. Higher delays the answers of requests that come meanwhile. */
const BLOCK_BYTES = 256 * 1024;

/**
 * Opens the file, or makes it with its header. A last line without its line feed was torn by a kill: its request was
 * never answered, so it is cut off. Throws PipelineError `simulator_data_unusable` when the file is something else.
 */
export function openRecordFile(path: string, header: string): RecordLog {
  const file = openSync(path, 'a+', 0o600);
  const found = cutTornLine(file);
  if (found === 0) writeAll(file, `${header}\n`);
  else if (headOf(file, header.length + 1) !== `${header}\n`) {
    closeSync(file);
    throw new PipelineError('simulator_data_unusable', `${path} was not written by this version of the simulator.`, {
      hint: 'Move the folder away, or choose another one with --data.',
    });
  }
  let pending = '';
  let size = fstatSync(file).size;
  return {
    append(line) {
      pending += line;
    },
    flush() {
      if (pending === '') return;
      size += writeAll(file, pending);
      pending = '';
    },
    async *blocks() {
      const skip = header.length + 1;
      if (size === skip) return;
      let torn = '';
      const range = { start: skip, end: size - 1, highWaterMark: BLOCK_BYTES, encoding: 'latin1' as const };
      for await (const text of createReadStream(path, range) as AsyncIterable<string>) {
        const lines = (torn + text).split('\n');
        torn = lines.pop()!;
        yield lines;
      }
    },
    close() {
      closeSync(file);
    },
  };
}

/** The same without a file. */
export function memoryRecords(): RecordLog {
  // As bytes: a text glued together from lines would keep every piece of it alive.
  const flushed: Buffer[] = [];
  let pending = '';
  return {
    append(line) {
      pending += line;
    },
    flush() {
      if (pending !== '') flushed.push(Buffer.from(pending, 'latin1'));
      pending = '';
    },
    async *blocks() {
      for (const bytes of flushed.slice()) yield bytes.toString('latin1', 0, bytes.length - 1).split('\n');
    },
    close() {
      flushed.length = 0;
    },
  };
}

function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  return bytes.length;
}

function headOf(file: number, length: number): string {
  const bytes = Buffer.alloc(length);
  return bytes.toString('latin1', 0, readSync(file, bytes, 0, length, 0));
}

/** Cuts behind the last line feed; says how many bytes are left. */
function cutTornLine(file: number): number {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  let end = fstatSync(file).size;
  const before = end;
  while (end > 0) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const length = readSync(file, bytes, 0, end - start, start);
    const found = bytes.subarray(0, length).lastIndexOf(10);
    if (found >= 0) {
      end = start + found + 1;
      break;
    }
    end = start;
  }
  if (end < before) ftruncateSync(file, end);
  return end;
}
