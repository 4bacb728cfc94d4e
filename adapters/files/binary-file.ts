// Recognises files that are not text by their first bytes, so that the refusal can say what they are.

const SIGNATURES: [name: string, bytes: string, offset: number][] = [
  ['an Excel or other zip-packed file (.xlsx, .ods, .zip)', '504b0304', 0],
  ['an old Excel file (.xls)', 'd0cf11e0a1b11ae1', 0],
  ['a PDF document', '25504446', 0],
  ['a PNG image', '89504e47', 0],
  ['a JPEG image', 'ffd8ff', 0],
  ['a GIF image', '47494638', 0],
  ['a RAR archive', '526172211a07', 0],
  ['a 7-Zip archive', '377abcaf271c', 0],
  ['a bzip2 file', '425a68', 0],
  ['an xz file', 'fd377a585a', 0],
  ['a Zstandard file', '28b52ffd', 0],
  ['a Parquet file', '50415231', 0],
  ['a SQLite database', '53514c69746520666f726d6174203300', 0],
  ['a tar archive', '7573746172', 257],
];

/** What the bytes at the beginning of a file look like, in words for a message; null when none of the known kinds. */
export function recogniseBinary(sample: Uint8Array): string | null {
  const head = Buffer.from(sample.buffer, sample.byteOffset, sample.length);
  for (const [name, bytes, offset] of SIGNATURES) {
    const signature = Buffer.from(bytes, 'hex');
    if (head.subarray(offset, offset + signature.length).equals(signature)) return name;
  }
  return null;
}

/** True for gzip by its magic number and method; the name of the file does not count. */
export function isGzip(sample: Uint8Array): boolean {
  return sample.length >= 3 && sample[0] === 0x1f && sample[1] === 0x8b && sample[2] === 8;
}
