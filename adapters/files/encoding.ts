// Which encoding a text file is in, from a sample of its bytes. Reads no files; refuses what is not text.
import { isUtf8 } from 'node:buffer';
import { analyse } from 'chardet';
import iconv from 'iconv-lite';
import { PipelineError } from '../../contracts/pipeline-error.ts';
import { recogniseBinary } from './binary-file.ts';

/** The encodings that are told apart, by the names shown to people. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'big5',
  'big5-hkscs',
  'gb18030',
  'shift_jis',
  'windows-1252',
] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface DetectedEncoding {
  encoding: Encoding;
  /**
   * 0 to 1. 1: a byte order mark, or multi-byte UTF-8 without fault. Pure ASCII counts as UTF-8 with 0.5: the rest may
   * differ.
   */
  confidence: number;
  /** Bytes of byte order mark at the beginning. */
  bomLength: number;
}

const ALIASES: Record<string, Encoding> = {
  utf8: 'utf-8',
  ascii: 'utf-8',
  utf16: 'utf-16le',
  utf16le: 'utf-16le',
  utf16be: 'utf-16be',
  ucs2: 'utf-16le',
  big5: 'big5',
  cp950: 'big5',
  big5hkscs: 'big5-hkscs',
  hkscs: 'big5-hkscs',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  gb18030: 'gb18030',
  cp936: 'gb18030',
  shiftjis: 'shift_jis',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  windows31j: 'shift_jis',
  windows1252: 'windows-1252',
  latin1: 'windows-1252',
  iso88591: 'windows-1252',
};

// Below this share of everyday characters a decoding is chance. Lower accepts GBK read as Big5; higher refuses lists of
// rare names.
const EVERYDAY_SHARE = 0.6;

/**
 * The encoding a person means (`Big5`, `cp950`, `UTF8` …). Throws PipelineError `encoding_unknown` for a name not known
 * here.
 */
export function parseEncoding(name: string): Encoding {
  const encoding = ALIASES[name.toLowerCase().replace(/[^a-z0-9]/g, '')];
  if (encoding) return encoding;
  throw new PipelineError('encoding_unknown', `“${name}” is not an encoding known here.`, {
    hint: `Use one of ${ENCODINGS.join(', ')}.`,
  });
}

/** The decoder of an encoding, as iconv-lite names it. */
export function decoderName(encoding: Encoding): string {
  return encoding === 'shift_jis' ? 'shiftjis' : encoding === 'big5-hkscs' ? 'big5hkscs' : encoding;
}

function byOrderMark(sample: Uint8Array): DetectedEncoding | null {
  const [a, b, c] = sample;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', confidence: 1, bomLength: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', confidence: 1, bomLength: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', confidence: 1, bomLength: 2 };
  return null;
}

/** UTF-16 without a mark: the zero bytes of its delimiters, digits and line breaks stand on one side only. */
function byZeroBytes(sample: Uint8Array): DetectedEncoding | null {
  const zeros = [0, 0];
  for (let at = 0; at < sample.length; at += 1) if (sample[at] === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const most = Math.max(even, odd);
  if (most === 0 || Math.min(even, odd) > most / 50 || most < sample.length / 100) return null;
  const encoding = even > odd ? 'utf-16be' : 'utf-16le';
  const text = iconv.decode(Buffer.from(sample.subarray(0, sample.length - (sample.length % 2))), encoding, {
    stripBOM: false,
  });
  if (/[\u0000-\u0008\u000E-\u001A]/.test(text) || /\p{Cs}/u.test(text.slice(0, -1))) return null;
  return { encoding, confidence: 0.9, bomLength: 0 };
}

/** The sample without a character that its end may have cut in two. */
function withoutCutEnd(sample: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, sample.length); back += 1) {
    const byte = sample[sample.length - back] ?? 0;
    if (byte < 0x80) return sample;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? sample.subarray(0, sample.length - back) : sample;
    }
  }
  return sample;
}

function isAscii(sample: Uint8Array): boolean {
  return sample.every((byte) => byte < 0x80);
}

/**
 * Whether a pair of bytes is among the everyday characters of an encoding: its first level of ideographs, its marks and
 * kana.
 */
function isEveryday(encoding: Encoding, lead: number, trail: number): boolean {
  switch (encoding) {
    case 'big5':
    case 'big5-hkscs':
      return (lead >= 0xa4 && lead <= 0xc6) || (lead === 0xa1 && trail < 0xff);
    case 'gb18030':
      return trail >= 0xa1 && ((lead >= 0xb0 && lead <= 0xd7) || lead === 0xa1 || lead === 0xa3);
    case 'shift_jis':
      return (lead >= 0x88 && lead <= 0x97) || (lead === 0x82 && trail >= 0x4f) || lead === 0x83 || lead === 0x81;
    case 'utf-8':
    case 'utf-16le':
    case 'utf-16be':
    case 'windows-1252':
      return false;
  }
}

/** Of a text's characters beyond ASCII at most one in so many may be unreadable. Lower: a wrong encoding passes; higher: one rare name costs the file. */
export const READABLE_FOR_EACH_LOST = 20;

/** So many may be lost in a double-byte text however short it is: one rare name in a list of three. */
export const FEW_LOST = 2;

/**
 * Big5 pairs that every system fills as it likes (造字, and what Hong Kong put there), made one byte that is no character: read as
 * what Hong Kong means by them, a rare name would become another.
 */
export function withoutPrivatePairs(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const lead = bytes[at]!;
    const trail = bytes[at + 1] ?? 0;
    const isPair =
      lead >= 0x81 && lead <= 0xfe && ((trail >= 0x40 && trail <= 0x7e) || (trail >= 0xa1 && trail <= 0xfe));
    if (isPair && (lead <= 0xa0 || lead >= 0xfa)) {
      kept[length++] = 0xff;
      at += 1;
      continue;
    }
    kept[length++] = lead;
    if (isPair) kept[length++] = bytes[++at]!;
  }
  return kept.subarray(0, length);
}

/**
 * Share of everyday characters among those beyond ASCII when read in a double-byte encoding; 0 when it cannot be read
 * in it.
 */
function everydayShare(sample: Uint8Array, encoding: Encoding): number {
  const whole = Buffer.from(sample.subarray(0, sample.length - 1));
  const text = iconv.decode(encoding === 'big5' ? withoutPrivatePairs(whole) : whole, decoderName(encoding));
  // The last character may be cut by the end of the sample.
  const lost = text.slice(0, -2).match(/[\uFFFD\uE000-\uF8FF\u0080-\u009F]/g)?.length ?? 0;
  let everyday = 0;
  let all = 0;
  for (let at = 0; at < sample.length; at += 1) {
    const lead = sample[at] ?? 0;
    if (lead < 0x80) continue;
    all += 1;
    if (encoding === 'shift_jis' && lead >= 0xa1 && lead <= 0xdf) continue;
    if (isEveryday(encoding, lead, sample[at + 1] ?? 0)) everyday += 1;
    at += 1;
  }
  return all === 0 || lost > Math.max(FEW_LOST, all / READABLE_FOR_EACH_LOST) ? 0 : (everyday - lost) / all;
}

/** UTF-8 but for a few characters that were cut on the way. */
function nearlyUtf8(sample: Uint8Array): boolean {
  const text = Buffer.from(withoutCutEnd(sample)).toString('utf8');
  const lost = text.match(/\uFFFD/g)?.length ?? 0;
  const beyond = text.match(/[^\0-\x7f]/g)?.length ?? 0;
  return lost * READABLE_FOR_EACH_LOST <= beyond - lost;
}

/**
 * Big5, GBK or Shift-JIS: the one in which most characters are everyday ones; chardet's opinion settles what is close.
 */
function byCharacters(sample: Uint8Array): DetectedEncoding | null {
  const opinions = new Map(
    analyse(sample).map((match) => [ALIASES[match.name.toLowerCase().replace(/[^a-z0-9]/g, '')], match.confidence]),
  );
  const scored = (['big5', 'big5-hkscs', 'gb18030', 'shift_jis'] as const)
    .map((encoding) => ({ encoding, share: everydayShare(sample, encoding) }))
    .filter((candidate) => candidate.share >= EVERYDAY_SHARE)
    .map(({ encoding, share }) => ({ encoding, score: share + (opinions.get(encoding) ?? 0) / 500 }))
    .sort((a, b) => b.score - a.score)
    // Hong Kong's own characters only where many of them stand.
    .filter(({ encoding }, _, all) => encoding !== 'big5-hkscs' || !all.some((other) => other.encoding === 'big5'));
  const [best, second] = scored;
  if (best)
    return {
      encoding: best.encoding,
      confidence: Math.min(0.95, 0.5 + (best.score - (second?.score ?? 0)) / 2),
      bomLength: 0,
    };
  // Accented Latin letters stand alone; the bytes 80 to 9F are rare in them.
  const high = sample.filter((byte) => byte >= 0x80);
  if (opinions.has('windows-1252') && high.filter((byte) => byte < 0xa0).length * 10 <= high.length) {
    return { encoding: 'windows-1252', confidence: 0.4, bomLength: 0 };
  }
  return null;
}

/**
 * The encoding of a text from its first bytes (64 KiB and more serve well; the sample may end inside a character).
 * Order: byte order mark, UTF-16 by zero bytes, UTF-8, then Big5, GBK and Shift-JIS by their characters. The same bytes
 * give the same answer. Throws PipelineError `file_binary` for what is not text, `encoding_unclear` where nothing fits.
 */
export function detectEncoding(sample: Uint8Array): DetectedEncoding {
  const marked = byOrderMark(sample);
  if (marked) return marked;
  const kind = recogniseBinary(sample);
  if (kind) throw binary(kind);
  const wide = byZeroBytes(sample);
  if (wide) return wide;
  if (sample.includes(0)) throw binary('binary data (it contains zero bytes)');
  if (isAscii(sample)) return { encoding: 'utf-8', confidence: 0.5, bomLength: 0 };
  if (isUtf8(withoutCutEnd(sample))) return { encoding: 'utf-8', confidence: 1, bomLength: 0 };
  if (nearlyUtf8(sample)) return { encoding: 'utf-8', confidence: 0.9, bomLength: 0 };
  const other = byCharacters(sample);
  if (other) return other;
  throw new PipelineError('encoding_unclear', 'The encoding of the file cannot be recognised.', {
    hint: `Declare it with --encoding, one of ${ENCODINGS.join(', ')}.`,
  });
}

function binary(kind: string): PipelineError {
  return new PipelineError('file_binary', `The file is not text; it looks like ${kind}.`, {
    hint: 'Save it as CSV (UTF-8) and import that file.',
    details: { looksLike: kind },
  });
}
