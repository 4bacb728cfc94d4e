// Turns the bytes of a text in a known encoding into UTF-8 without byte order mark, piece by piece. A few characters that do not
// fit become U+FFFD each; where many do not, the encoding is another.
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { decoderName, FEW_LOST, READABLE_FOR_EACH_LOST, withoutPrivatePairs, type Encoding } from './encoding.ts';

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

/** What stands for a character that could not be read. */
const LOST = '\uFFFD';
/** Readable characters are counted up to here: so many and a twentieth of them lost are still the same encoding. */
const ENOUGH_READABLE = 10_000;

/** One pass over one text. `write` and `end` give UTF-8; both throw UndecodableBytes. */
export interface Transcoder {
  write(piece: Buffer): Buffer;
  end(): Buffer;
  /** Characters so far that could not be read; U+FFFD stands for each. */
  lost(): number;
}

/** How many characters beyond ASCII were read and lost: a few lost are characters, many are another encoding. */
class Readability {
  #readable = 0;
  readonly #few: number;
  lost = 0;

  constructor(few: number) {
    this.#few = few;
  }

  /** Counts a decoded piece; throws when too much of the text so far is lost. */
  take(text: string, piece: Buffer): Buffer {
    const lost =
      text.match(/\uFFFD|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g)?.length ?? 0;
    if (this.#readable < ENOUGH_READABLE) this.#readable += (text.match(/[^\0-\x7f]/g)?.length ?? 0) - lost;
    this.lost += lost;
    if (lost > 0 && this.lost > Math.max(this.#few, this.#readable / READABLE_FOR_EACH_LOST)) {
      const at = text.search(/\uFFFD|\p{Cs}/u);
      throw new UndecodableBytes(Buffer.from(text.slice(0, at)), piece);
    }
    // Lone surrogates become U+FFFD here.
    return Buffer.from(text, 'utf8');
  }

  /** Counts a piece that is whole. */
  takeWhole(bytes: Buffer): Buffer {
    if (this.#readable < ENOUGH_READABLE)
      for (let at = 0; at < bytes.length && this.#readable < ENOUGH_READABLE; at += 1)
        if (bytes[at]! >= 0xc0) this.#readable += 1;
    return bytes;
  }
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

function utf8Transcoder(): Transcoder {
  let rest: Buffer = Buffer.alloc(0);
  const readability = new Readability(0);
  const take = (bytes: Buffer): Buffer =>
    isUtf8(bytes) ? readability.takeWhole(bytes) : readability.take(bytes.toString('utf8'), bytes);
  return {
    write(piece) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
      const cut = cutLength(bytes);
      rest = Buffer.from(bytes.subarray(bytes.length - cut));
      return take(bytes.subarray(0, bytes.length - cut));
    },
    end: () => take(rest),
    lost: () => readability.lost,
  };
}

function decodedTranscoder(encoding: Encoding): Transcoder {
  const decoder = iconv.getDecoder(decoderName(encoding), { stripBOM: false });
  // Text that is all bytes of one encoding may hold a rare name; one odd byte in ASCII is another encoding.
  const readability = new Readability(encoding === 'windows-1252' ? 0 : FEW_LOST);
  let heldBack = '';
  let lead: Buffer = Buffer.alloc(0);
  const take = (decoded: string | undefined, piece: Buffer, last: boolean): Buffer => {
    let text = heldBack + (decoded ?? '');
    heldBack = '';
    if (!last && /[\uD800-\uDBFF]$/.test(text)) {
      heldBack = text.slice(-1);
      text = text.slice(0, -1);
    }
    return readability.take(text, piece);
  };
  /** Big5 by whole pairs: the first byte of one that goes on in the next piece waits for it. */
  const readable = (piece: Buffer): Buffer => {
    if (encoding !== 'big5') return piece;
    const bytes = lead.length > 0 ? Buffer.concat([lead, piece]) : piece;
    const cut = endsInLead(bytes) ? 1 : 0;
    lead = Buffer.from(bytes.subarray(bytes.length - cut));
    return withoutPrivatePairs(bytes.subarray(0, bytes.length - cut));
  };
  return {
    write: (piece) => take(decoder.write(readable(piece)), piece, false),
    end: () => take(`${lead.length > 0 ? LOST : ''}${decoder.end() ?? ''}`, Buffer.alloc(0), true),
    lost: () => readability.lost,
  };
}

/** Whether the last byte begins a pair: an odd run of bytes beyond ASCII, each of which may be the second of the one before. */
function endsInLead(bytes: Buffer): boolean {
  let at = bytes.length;
  while (at > 0 && bytes[at - 1]! >= 0x80) at -= 1;
  let isLead = false;
  // From a byte that stands alone on: pairs follow each other.
  for (; at < bytes.length; at += 1) isLead = !isLead && bytes[at]! >= 0x81;
  return isLead;
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
