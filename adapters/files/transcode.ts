// Turns the bytes of a text in a known encoding into UTF-8 without byte order mark, piece by piece. Finds the first
// byte that does not fit.
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { decoderName, type Encoding } from './encoding.ts';

/** Bytes that do not fit the encoding. `before`: the good UTF-8 of this piece up to them. */
export class UndecodableBytes extends Error {
  readonly before: Buffer;
  readonly badBytes: Buffer;
  constructor(before: Buffer, badBytes: Buffer) {
    super('bytes do not fit the encoding');
    this.before = before;
    this.badBytes = badBytes;
  }
}

/** One pass over one text. `write` and `end` give UTF-8; both throw UndecodableBytes. */
export interface Transcoder {
  write(piece: Buffer): Buffer;
  end(): Buffer;
}

/** Length of the unfinished character at the end of UTF-8 bytes: 0 to 3. */
function cutLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

/** Offset of the first byte at which UTF-8 stops being valid, found by halving. */
function firstBadByte(bytes: Buffer): number {
  const whole = (length: number): Buffer => {
    const head = bytes.subarray(0, length);
    return head.subarray(0, length - cutLength(head));
  };
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(whole(middle))) good = middle;
    else bad = middle;
  }
  return whole(good).length;
}

function utf8Transcoder(): Transcoder {
  let rest: Buffer = Buffer.alloc(0);
  const take = (bytes: Buffer): Buffer => {
    if (isUtf8(bytes)) return bytes;
    const at = firstBadByte(bytes);
    throw new UndecodableBytes(bytes.subarray(0, at), bytes.subarray(at));
  };
  return {
    write(piece) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
      const cut = cutLength(bytes);
      rest = Buffer.from(bytes.subarray(bytes.length - cut));
      return take(bytes.subarray(0, bytes.length - cut));
    },
    end: () => take(rest),
  };
}

function decodedTranscoder(encoding: Encoding): Transcoder {
  const decoder = iconv.getDecoder(decoderName(encoding), { stripBOM: false });
  const wide = encoding === 'utf-16le' || encoding === 'utf-16be';
  let heldBack = '';
  const take = (decoded: string | undefined, piece: Buffer, last: boolean): Buffer => {
    let text = heldBack + (decoded ?? '');
    heldBack = '';
    if (!last && /[\uD800-\uDBFF]$/.test(text)) {
      heldBack = text.slice(-1);
      text = text.slice(0, -1);
    }
    const bad = wide ? text.search(/\p{Cs}/u) : text.indexOf('\uFFFD');
    if (bad !== -1) throw new UndecodableBytes(Buffer.from(text.slice(0, bad)), piece);
    return Buffer.from(text, 'utf8');
  };
  return {
    write: (piece) => take(decoder.write(piece), piece, false),
    end: () => take(decoder.end(), Buffer.alloc(0), true),
  };
}

/**
 * A transcoder for one text in `encoding`. The text must not begin with a byte order mark; constant memory per piece.
 */
export function transcoder(encoding: Encoding): Transcoder {
  return encoding === 'utf-8' ? utf8Transcoder() : decodedTranscoder(encoding);
}

/** Turns `\r` into `\n` in place, for files that know no other line break. Changes no length, so places stay true. */
export function mendLineBreaks(bytes: Buffer): Buffer {
  for (let at = bytes.indexOf(13); at !== -1; at = bytes.indexOf(13, at + 1)) bytes[at] = 10;
  return bytes;
}
