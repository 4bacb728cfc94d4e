// The short hash by which the books tell contents apart.
import { hash } from 'node:crypto';

/** First 64 bits of SHA-256, in hex: enough to tell some million contents apart, and a quarter of the bytes in the books. */
export function shortHash(content: string | Buffer): string {
  return hash('sha256', content).slice(0, 16);
}

/** Remembers the last text: a broadcast that is not personal hashes its content once. */
export class ContentHash {
  #text = '';
  #hash = '';

  of(text: string): string {
    if (text !== this.#text || this.#hash === '') {
      this.#text = text;
      this.#hash = shortHash(text);
    }
    return this.#hash;
  }
}
