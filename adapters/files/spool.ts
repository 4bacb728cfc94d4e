// Brings a source file into the data folder once: unzipped, as UTF-8, under the SHA-256 of its text. Everything later
// reads that copy. Parses nothing; leaves no half-written file behind.
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { recogniseBinary } from './binary-file.ts';
import { detectEncoding, parseEncoding, type DetectedEncoding, type Encoding } from './encoding.ts';
import { fileEmpty, sourcePieces, sourceSize, type SourceRequest } from './source-file.ts';
import { mendLineBreaks, transcoder, UndecodableBytes } from './transcode.ts';

/**
 * Bytes from which the encoding is told. Lower misses a first Chinese name after long preambles; higher only costs
 * memory.
 */
const SAMPLE_BYTES = 256 * 1024;

export interface SpoolRequest extends SourceRequest {
  /** Folder for spooled files; made when missing. Must be on one file system, for the rename. */
  spoolDir: string;
  /** An encoding the user declared; detected when left out. */
  encoding?: string;
}

export interface SpooledFile {
  /** Hex SHA-256 of the UTF-8 text; also its name in the spool folder. */
  sha256: string;
  path: string;
  /** Bytes of the UTF-8 text. */
  bytes: number;
  /** Encoding of the source. */
  encoding: Encoding;
  /** Size of the source as it lies on disk. */
  sourceBytes: number;
  /** Characters that could not be read; U+FFFD stands for each in the text. */
  lostCharacters: number;
}

/** The encoding turned out wrong at some byte; `sample` begins there. */
class WrongEncoding extends Error {
  readonly used: DetectedEncoding;
  readonly line: number;
  readonly head: Buffer;
  readonly sample: Buffer;
  constructor(used: DetectedEncoding, line: number, head: Buffer, sample: Buffer) {
    super('wrong encoding');
    this.used = used;
    this.line = line;
    this.head = head;
    this.sample = sample;
  }
}

/**
 * Spools one local file. Doing it again with the same content gives the same file and is harmless. `\r` as the only
 * line break becomes `\n`. Throws PipelineError: `file_missing`, `file_unreadable`, `file_empty`, `file_corrupt`
 * (damaged gzip), `file_binary`, `encoding_unknown`, `encoding_unclear`, `encoding_wrong` (names the line); or the
 * signal's reason.
 */
export async function spoolFile(request: SpoolRequest): Promise<SpooledFile> {
  const sourceBytes = await sourceSize(request.path);
  const declared = request.encoding === undefined ? null : parseEncoding(request.encoding);
  await mkdir(request.spoolDir, { recursive: true, mode: 0o700 });
  try {
    return { ...(await spoolAs(request, declared)), sourceBytes };
  } catch (error) {
    if (!(error instanceof WrongEncoding)) throw error;
    const better = suggest(error);
    // ASCII so far: the sample said nothing about the rest, which is now seen.
    if (declared === null && error.used.confidence === 0.5 && better !== null && better !== 'utf-8') {
      return await spoolAs(request, better).then(
        (spooled) => ({ ...spooled, sourceBytes }),
        (second: unknown) => {
          throw second instanceof WrongEncoding ? encodingWrong(request.path, second, null) : second;
        },
      );
    }
    throw encodingWrong(request.path, error, better);
  }
}

/** The first pieces, joined until they hold a sample. */
async function takeSample(pieces: AsyncGenerator<Buffer, void>): Promise<Buffer> {
  const taken: Buffer[] = [];
  let length = 0;
  while (length < SAMPLE_BYTES) {
    const next = await pieces.next();
    if (next.done) break;
    taken.push(next.value);
    length += next.value.length;
  }
  return Buffer.concat(taken);
}

/** The encoding of a file's beginning. The detector knows bytes only; the file is named here. */
function detectIn(path: string, head: Buffer): DetectedEncoding {
  try {
    return detectEncoding(head);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    const { code, message, hint, details } = error;
    throw new PipelineError(code, `“${path}”: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      details,
      cause: error,
    });
  }
}

function chooseEncoding(path: string, head: Buffer, declared: Encoding | null): DetectedEncoding {
  if (declared === null) return detectIn(path, head);
  const kind = recogniseBinary(head) ?? (declared.startsWith('utf-16') || !head.includes(0) ? null : 'binary');
  // Asking the detector says what it is; a UTF-16 text declared as something else comes back from it.
  const detected = kind === null && !markedOtherwise(head) ? null : detectIn(path, head);
  if (detected === null) return { encoding: declared, confidence: 1, bomLength: 0 };
  if (detected.encoding === declared) return detected;
  throw encodingWrong(
    path,
    new WrongEncoding({ encoding: declared, confidence: 1, bomLength: 0 }, 1, head, head),
    detected.encoding,
  );
}

function markedOtherwise(head: Buffer): boolean {
  return head[0] === 0xef
    ? head[1] === 0xbb && head[2] === 0xbf
    : (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

async function spoolAs(request: SpoolRequest, declared: Encoding | null): Promise<Omit<SpooledFile, 'sourceBytes'>> {
  const temporary = join(request.spoolDir, `.${randomUUID()}.part`);
  const pieces = sourcePieces(request);
  const target = await open(temporary, 'wx+', 0o600);
  try {
    const head = await takeSample(pieces);
    const chosen = chooseEncoding(request.path, head, declared);
    const hash = createHash('sha256');
    const { bytes, lostCharacters } = await writeText(head, pieces, chosen, target, hash);
    if (bytes === 0) throw fileEmpty(request.path, chosen.encoding);
    await target.sync();
    await target.close();
    const sha256 = hash.digest('hex');
    const path = join(request.spoolDir, `${sha256}.txt`);
    await rename(temporary, path);
    await syncFolder(request.spoolDir);
    return { sha256, path, bytes, encoding: chosen.encoding, lostCharacters };
  } catch (error) {
    await target.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await pieces.return();
  }
}

async function writeText(
  head: Buffer,
  rest: AsyncGenerator<Buffer, void>,
  used: DetectedEncoding,
  target: FileHandle,
  hash: Hash,
): Promise<{ bytes: number; lostCharacters: number }> {
  const text = transcoder(used.encoding);
  let bytes = 0;
  let mend: boolean | null = null;
  const put = async (converted: Buffer): Promise<void> => {
    mend ??= converted.length > 0 ? converted.includes(13) && !converted.includes(10) : null;
    if (mend) mendLineBreaks(converted);
    hash.update(converted);
    bytes += converted.length;
    await target.appendFile(converted);
  };
  try {
    await put(text.write(head.subarray(used.bomLength)));
    for await (const piece of rest) await put(text.write(piece));
    await put(text.end());
  } catch (error) {
    if (!(error instanceof UndecodableBytes)) throw error;
    await put(error.before);
    throw new WrongEncoding(used, 1 + (await countLineBreaks(target)), head, error.badBytes);
  }
  return { bytes, lostCharacters: text.lost() };
}

async function countLineBreaks(file: FileHandle): Promise<number> {
  const buffer = Buffer.alloc(SAMPLE_BYTES);
  let count = 0;
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return count;
    for (let at = buffer.indexOf(10); at !== -1 && at < bytesRead; at = buffer.indexOf(10, at + 1)) count += 1;
    position += bytesRead;
  }
}

function suggest(error: WrongEncoding): Encoding | null {
  for (const sample of [error.sample, error.head]) {
    try {
      const { encoding, confidence } = detectEncoding(sample);
      if (encoding !== error.used.encoding && confidence > 0.5) return encoding;
    } catch (cause) {
      if (!(cause instanceof PipelineError)) throw cause; // "Unclear" or "binary" is no suggestion.
    }
  }
  return null;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().catch(() => undefined); // Some file systems cannot sync a folder; the rename is then as safe as they make it.
  await handle.close();
}

function encodingWrong(path: string, error: WrongEncoding, better: Encoding | null): PipelineError {
  const used = error.used.encoding;
  return new PipelineError(
    'encoding_wrong',
    `“${path}” is not ${used}: line ${error.line} holds bytes that do not fit.`,
    {
      hint: better
        ? `It looks like ${better}; try --encoding ${better}.`
        : 'Declare its encoding with --encoding, or mend that line.',
      details: { line: error.line, encoding: used, looksLike: better },
    },
  );
}
